import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { byteString, byteStringFromText } from '../base/byte-string.ts';
import { isSatchelError } from '../base/errors.ts';
import { packDevice, unpackDevice } from './device-numbers.ts';
import {
  getXattr,
  listXattrs,
  lockFile,
  makeNode,
  removeXattr,
  renameNoReplace,
  setFileTimes,
  setFileXattr,
  setTimes,
  setXattr,
  syncFilesystem,
  syncFilesystemInBackground,
} from './system-calls.ts';
import { errnoOf } from './system-error.ts';

const directory = mkdtempSync(join(tmpdir(), 'satchel-calls-'));
after(() => rmSync(directory, { recursive: true }));
const isRoot = process.getuid?.() === 0;
const rootOnly = isRoot ? false : 'NOT TESTED: needs root';
const name = (text: string) => byteStringFromText(text);
const allBytes = byteString(Uint8Array.from({ length: 256 }, (_, index) => index));

function file(label: string): string {
  const path = join(directory, label);
  writeFileSync(path, label);
  return path;
}

test('an extended attribute comes back byte for byte', () => {
  const path = file('attribute');
  setXattr(path, name('user.bytes'), allBytes);
  assert.equal(getXattr(path, name('user.bytes')), allBytes);
});

test('attributes are listed in byte order, with empty ones', () => {
  const path = file('attributes');
  setXattr(path, name('user.b'), name('2'));
  setXattr(path, name('user.a'), name(''));
  setXattr(path, name('user.B'), name('1'));
  assert.deepEqual(
    listXattrs(path).filter((attribute) => attribute.name.startsWith('user.')),
    [
      { name: 'user.B', value: '1' },
      { name: 'user.a', value: '' },
      { name: 'user.b', value: '2' },
    ],
  );
});

test('an attribute is set through an open file and removed again', () => {
  const path = file('through-fd');
  const fd = openSync(path, 'r+');
  setFileXattr(fd, name('user.a'), name('1'), path);
  closeSync(fd);
  assert.equal(getXattr(path, name('user.a')), '1');
  assert.equal(removeXattr(path, name('user.a')), true);
  assert.equal(removeXattr(path, name('user.a')), false);
});

test('a missing attribute is undefined', () => {
  assert.equal(getXattr(file('without'), name('user.none')), undefined);
});

test('a file system without attributes has none', () => {
  assert.deepEqual(listXattrs('/proc/self'), []);
});

test('a symlink is never followed to the attributes of its target', () => {
  const target = file('target');
  setXattr(target, name('user.a'), name('1'));
  const link = join(directory, 'link');
  symlinkSync(target, link);
  assert.deepEqual(
    listXattrs(link).filter((attribute) => attribute.name === 'user.a'),
    [],
  );
});

test('a file capability survives exactly', { skip: rootOnly }, () => {
  const path = file('capable');
  const value = byteString(Buffer.from('0100000200200000000000000000000000000000', 'hex'));
  setXattr(path, name('security.capability'), value);
  assert.equal(getXattr(path, name('security.capability')), value);
});

test('a path that is not UTF-8 reaches the right file', () => {
  const path = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xff, 0xfe])]);
  writeFileSync(path, '');
  setXattr(path, name('user.a'), name('raw'));
  assert.equal(getXattr(path, name('user.a')), 'raw');
});

test('a missing file is told with its path and the reason', () => {
  const path = join(directory, 'absent');
  assert.throws(
    () => listXattrs(path),
    (error) =>
      isSatchelError(error, 'system-call-failed') &&
      errnoOf(error) === 'ENOENT' &&
      error.message.includes(path) &&
      error.message.includes('ENOENT'),
  );
});

test('a path with a NUL byte never reaches the kernel', () => {
  assert.throws(() => setTimes(`${directory}/a\0b`, [0, 0]), /NUL/);
});

for (const time of [
  [0, 0],
  [1_193_961_600, 0],
  [1_700_000_000, 123_456_789],
  [-1, 999_999_999],
  [-86_400, 1],
  [4_294_967_296, 999_999_999],
] as const) {
  const expected = BigInt(time[0]) * 1_000_000_000n + BigInt(time[1]);

  test(`the time ${time.join('.')} is set to the nanosecond`, () => {
    const path = file('times');
    setTimes(path, time);
    assert.equal(lstatSync(path, { bigint: true }).mtimeNs, expected);
  });

  test(`the time ${time.join('.')} is set to the nanosecond on an open file`, () => {
    const path = file('opened');
    const fd = openSync(path, 'r+');
    setFileTimes(fd, time, path);
    closeSync(fd);
    assert.equal(lstatSync(path, { bigint: true }).mtimeNs, expected);
  });
}

test('the time of a symlink is its own', () => {
  const target = file('linked');
  setTimes(target, [5, 0]);
  const link = join(directory, 'timed-link');
  symlinkSync(target, link);
  setTimes(link, [7, 9]);
  assert.equal(lstatSync(link, { bigint: true }).mtimeNs, 7_000_000_009n);
  assert.equal(lstatSync(target, { bigint: true }).mtimeNs, 5_000_000_000n);
});

test('a fifo is made by any user', () => {
  const path = join(directory, 'fifo');
  makeNode(path, 'fifo', 0o600);
  assert.ok(lstatSync(path).isFIFO());
});

test('device nodes keep their numbers, large ones too', { skip: rootOnly }, () => {
  for (const [type, major, minor] of [
    ['char', 5, 1],
    ['block', 259, 1_048_575],
    ['char', 4095, 300],
  ] as const) {
    const path = join(directory, `node-${major}`);
    makeNode(path, type, 0o640, major, minor);
    const found = lstatSync(path);
    assert.ok(type === 'char' ? found.isCharacterDevice() : found.isBlockDevice());
    assert.deepEqual(unpackDevice(found.rdev), [major, minor]);
    assert.equal(
      execFileSync('stat', ['-c', '%Hr %Lr', path]).toString().trim() || `${major} ${minor}`,
      `${major} ${minor}`,
    );
  }
});

test('an ordinary user is told that a device needs permission', { skip: isRoot && 'runs as root' }, () => {
  assert.throws(
    () => makeNode(join(directory, 'denied'), 'char', 0o600, 1, 3),
    (error) => isSatchelError(error, 'permission-denied'),
  );
});

test('packing and unpacking device numbers are inverse', () => {
  for (const [major, minor] of [
    [0, 0],
    [8, 17],
    [4095, 255],
    [4096, 256],
    [4_294_967_295, 4_294_967_295],
  ] as const)
    assert.deepEqual(unpackDevice(packDevice(major, minor)), [major, minor]);
});

test('the file system is synced through a directory and through a file', async () => {
  syncFilesystem(directory);
  syncFilesystem(file('synced'));
  await syncFilesystemInBackground(directory);
});

test('a second descriptor does not get the lock until the first is closed', () => {
  const path = file('lock');
  const first = openSync(path, 'r');
  const second = openSync(path, 'r');
  assert.equal(lockFile(first), true);
  assert.equal(lockFile(second), false);
  closeSync(first);
  assert.equal(lockFile(second), true);
  closeSync(second);
});

test('a rename without replacing moves a directory to a free name', () => {
  mkdirSync(join(directory, 'from'));
  assert.equal(renameNoReplace(join(directory, 'from'), join(directory, 'to')), true);
  assert.ok(existsSync(join(directory, 'to')));
});

test('a rename without replacing leaves both files when the name is taken', () => {
  const from = file('one');
  const to = file('two');
  assert.equal(renameNoReplace(from, to), false);
  assert.equal(readFileSync(to, 'utf8'), 'two');
  assert.ok(existsSync(from));
});
