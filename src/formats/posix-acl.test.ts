import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aclFromText, aclToText } from './posix-acl.ts';

const hex = (value: ReturnType<typeof aclFromText>) =>
  typeof value === 'string' ? Buffer.from(value, 'latin1').toString('hex') : value;

const expected =
  '0200000001000600ffffffff020006003930000004000400ffffffff0800050031d4000010000700ffffffff20000400ffffffff';

test('the forms of GNU tar, star and bsdtar give the same attribute', () => {
  for (const text of [
    'user::rw-\nuser:12345:rw-\ngroup::r--\ngroup:54321:r-x\nmask::rwx\nother::r--\n',
    'user::rw-,user:12345:rw-,group::r--,group:54321:r-x,mask::rwx,other::r--',
    'group:staff:r-x:54321,other::r--,mask::rwx,user:bob:rw-:12345,group::r--,user::rw-',
    'u::rw-\nu:12345:rw-\t#effective:rw-\n# a remark\ng::r--\ng:54321:r-x\nm:rwx\no:r--',
  ]) {
    assert.equal(hex(aclFromText(text, 'access')), expected, text);
  }
});

test('an access list that says no more than the mode is no attribute; a default list always is one', () => {
  const minimal = 'user::rw-\ngroup::r--\nother::---\n';
  assert.equal(aclFromText(minimal, 'access'), undefined);
  assert.equal(typeof aclFromText(minimal, 'default'), 'string');
  assert.equal(aclFromText('', 'access'), undefined);
});

test('of names only root and those that are known are numbers', () => {
  const list = (entry: string) => `user::rwx,group::r-x,mask::rwx,other::---,${entry}`;
  const text = (entry: string) => {
    const known = { user: ['bob', 1000], group: ['users', 100] } as const;
    const value = aclFromText(list(entry), 'access', known);
    return typeof value === 'string' ? aclToText(value) : value;
  };
  assert.match(String(text('user:root:r--')), /^user:0:r--$/m);
  assert.match(String(text('user:bob:r--')), /^user:1000:r--$/m);
  assert.match(String(text('group:users:r--')), /^group:100:r--$/m);
  assert.deepEqual(text('group:bob:r--'), { problem: 'name', name: 'bob' });
  assert.deepEqual(text('user:alice:r--'), { problem: 'name', name: 'alice' });
});

for (const text of [
  'user::rw-',
  'user::rw-,group::r--',
  'user::rw-,group::r--,other::---,user:1:r--',
  'user::rw-,user::rw-,group::r--,other::---',
  'user::rw-,group::r--,other::---,mask::rwx,user:1:r--,user:1:r--',
  'user::rw-,group::r--,other::---,mask::rwx,mask::rwx',
  'user::rw-,group::r--,other:1:---',
  'user::rwxr,group::r--,other::---',
  'user::wr-,group::r--,other::---',
  'user::rw-,group::r--,other::---,mask::rwx,user:4294967295:r--',
  'owner::rw-,group::r--,other::---',
  'user:a:b:c:d,group::r--,other::---',
]) {
  test(`"${text}" is no access control list`, () => {
    assert.deepEqual(aclFromText(text, 'default'), { problem: 'malformed' });
  });
}

test('any list of numbers reads back from its text', () => {
  const permissions = fc.constantFrom('rwx', 'r-x', 'r--', '---', '-w-');
  const named = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 0xfffffffe }), permissions), {
    selector: ([id]) => id,
    maxLength: 5,
  });
  fc.assert(
    fc.property(named, named, permissions, (users, groups, letters) => {
      const lines = [
        `user::${letters}`,
        ...users.sort((a, b) => a[0] - b[0]).map(([id, own]) => `user:${id}:${own}`),
        'group::r-x',
        ...groups.sort((a, b) => a[0] - b[0]).map(([id, own]) => `group:${id}:${own}`),
        'mask::rwx',
        `other::${letters}`,
      ];
      const text = lines.map((line) => `${line}\n`).join('');
      const value = aclFromText(text, 'default');
      assert.equal(typeof value === 'string' && aclToText(value), text);
    }),
  );
});

test('an attribute that is no list has no text', () => {
  const good = aclFromText('user::rw-\ngroup::r--\nother::---\n', 'default') as Parameters<typeof aclToText>[0];
  assert.notEqual(aclToText(good), undefined);
  const bytes = Buffer.from(good, 'latin1');
  const changed = (index: number, value: number) => {
    const copy = Buffer.from(bytes);
    copy[index] = value;
    return copy.toString('latin1') as typeof good;
  };
  for (const [index, value] of [
    [0, 3],
    [4, 3],
    [6, 8],
    [8, 0],
    [12, 1],
  ] as const) {
    assert.equal(aclToText(changed(index, value)), undefined, `${index}`);
  }
  assert.equal(aclToText(good.slice(0, -1) as typeof good), undefined);
  assert.equal(aclToText('' as typeof good), undefined);
});
