import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { listKeys, openKeyDirectory } from './keys.ts';
import { start, temporaryDirectory } from './test-repository.ts';

test('a key is kept as a private file in a private folder and signs after it is loaded again', (t) => {
  const directory = join(temporaryDirectory(t), 'keys');
  const made = openKeyDirectory(directory, () => start).create('builds');
  const path = join(directory, 'offline', 'builds', `${made.keyId}.json`);
  assert.equal(statSync(path).mode & 0o7777, 0o600);
  for (const folder of [directory, join(directory, 'offline'), join(directory, 'offline', 'builds')])
    assert.equal(statSync(folder).mode & 0o7777, 0o700);
  const [loaded] = openKeyDirectory(directory).load('builds');
  assert.equal(loaded?.keyId, made.keyId);
  assert.deepEqual(loaded?.publicKey, made.publicKey);
  const raw = Buffer.from((made.publicKey.keyval as { public: string }).public, 'hex');
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
  const signature = Buffer.from(loaded!.sign(Buffer.from('text')), 'hex');
  assert.ok(verify(null, Buffer.from('text'), publicKey, signature));
});

test('keys are listed by role with where they live and when they were made', (t) => {
  const keys = openKeyDirectory(temporaryDirectory(t), () => start);
  keys.create('timestamp');
  keys.create('root');
  const listed = listKeys(keys).map(({ role, custody, created }) => ({ role, custody, created }));
  assert.deepEqual(listed, [
    { role: 'root', custody: 'offline', created: '2026-01-15T12:00:00Z' },
    { role: 'timestamp', custody: 'online', created: '2026-01-15T12:00:00Z' },
  ]);
});

test('the folder of offline keys may be moved away', (t) => {
  const directory = temporaryDirectory(t);
  const [here, there] = [join(directory, 'here'), join(directory, 'there')];
  const keys = openKeyDirectory(here);
  keys.create('builds');
  keys.create('streams');
  openKeyDirectory(there).create('timestamp');
  renameSync(join(here, 'offline'), join(there, 'offline'));
  assert.deepEqual(
    listKeys(keys).map(({ role }) => role),
    ['streams'],
  );
  assert.equal(openKeyDirectory(there).load('builds').length, 1);
});

test('a key file that is damaged, renamed or of another role is refused by name', (t) => {
  const directory = temporaryDirectory(t);
  const keys = openKeyDirectory(directory);
  keys.create('builds');
  const folder = join(directory, 'offline', 'builds');
  const [name] = readdirSync(folder) as [string];
  const whole = readFileSync(join(folder, name), 'utf8');
  for (const [file, content] of [
    [name, ''],
    [name, whole.slice(0, -40)],
    [name, whole.replace('"builds"', '"root"')],
    [`${'0'.repeat(64)}.json`, whole],
  ] as const) {
    writeFileSync(join(folder, file), content);
    assert.throws(() => keys.load('builds'), { code: 'key-invalid' });
  }
});

test('the secret half of a key is not in what is signed or listed', (t) => {
  const keys = openKeyDirectory(temporaryDirectory(t));
  const key = keys.create('root');
  assert.doesNotMatch(JSON.stringify([key, listKeys(keys)]), /PRIVATE/);
});
