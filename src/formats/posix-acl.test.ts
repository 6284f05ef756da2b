import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aclFromText, aclFromValue, aclParts, aclToText, modeOfAcl } from './posix-acl.ts';

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
    return typeof value === 'string' ? aclToText(value, 'access') : value;
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
      assert.equal(typeof value === 'string' && aclToText(value, 'default'), text);
    }),
  );
});

type Value = Parameters<typeof aclToText>[0];
const value = (digits: string) => Buffer.from(digits, 'hex').toString('latin1') as Value;

test('a binary value is checked and put in order, and one that says no more than the mode is none', () => {
  assert.equal(hex(aclFromValue(value(expected), 'access')), expected);
  const [head, , user, , group] = [
    expected.slice(0, 8),
    '',
    expected.slice(24, 40),
    '',
    expected.slice(56, 72),
  ];
  const shuffled = head + group + user + expected.slice(8, 24) + expected.slice(40, 56) + expected.slice(72);
  assert.equal(hex(aclFromValue(value(shuffled), 'access')), expected);
  const minimal = '0200000001000600000000000400040000000000200004000000000000'.slice(0, 56);
  assert.equal(aclFromValue(value(minimal), 'access'), undefined);
  assert.equal(
    hex(aclFromValue(value(minimal), 'default')),
    minimal.replace(/(0[1246]000[46]00|20000400)00000000/g, '$1ffffffff'),
  );
});

test('the mode that a list shows has the mask for the group', () => {
  assert.equal(modeOfAcl(value(expected)), 0o674);
  assert.equal(modeOfAcl(value(expected.replace('10000700ffffffff', ''))), 0o644);
  assert.equal(modeOfAcl('' as Value), undefined);
});

test('an attribute that is no list is refused and has no text', () => {
  const bytes = Buffer.from(expected, 'hex');
  for (const [index, byte] of [
    [0, 3],
    [4, 3],
    [6, 8],
    [12, 1],
  ] as const) {
    const copy = Buffer.from(bytes);
    copy[index] = byte;
    const changed = copy.toString('latin1') as Value;
    assert.deepEqual(aclFromValue(changed, 'access'), { problem: 'malformed' }, `${index}`);
    assert.equal(aclToText(changed, 'access'), undefined, `${index}`);
  }
  for (const text of ['', expected.slice(0, -2), expected + expected.slice(8), '02000000']) {
    assert.equal(aclToText(value(text), 'access'), undefined);
  }
});

test('the parts of a list are told one by one', () => {
  assert.deepEqual(aclParts(value(expected)), {
    ...{ user: 6, group: 4, mask: 7, other: 4 },
    named: [
      { isUser: true, id: 12345, permissions: 6 },
      { isUser: false, id: 54321, permissions: 5 },
    ],
  });
  const withoutMask = '0200000001000600ffffffff04000400ffffffff20000000ffffffff';
  assert.deepEqual(aclParts(value(withoutMask)), { user: 6, group: 4, mask: undefined, other: 0, named: [] });
  assert.equal(aclParts(value(expected.replace('10000700ffffffff', ''))), undefined);
  assert.equal(aclParts('' as Value), undefined);
});
