import assert from 'node:assert/strict';
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { MessageCode } from '../base/catalogue.ts';
import { openKeyDirectory } from './keys.ts';
import { openLiteKeys } from './lite-keys.ts';
import { temporaryDirectory } from './test-repository.ts';

test('the file of public keys has the keys that are here, and after a removal no others', (t) => {
  const directory = temporaryDirectory(t);
  const keys = openLiteKeys(directory);
  const lines = () => readFileSync(join(directory, 'lite.public'), 'latin1').split('\n').filter(Boolean);
  const [first, second] = [keys.create(), keys.create()];
  assert.equal(lines().length, 2);
  rmSync(join(directory, 'online/lite', `${first.keyId}.json`));
  keys.publish();
  assert.equal(lines().length, 1);
  assert.ok(lines()[0]?.endsWith(second.keyId));
  // Who has no such file, as a publisher with the secret keys only, gets none.
  rmSync(join(directory, 'lite.public'));
  keys.publish();
  assert.throws(lines, { code: 'ENOENT' });
});

test('a secret key that others may read is used, and said once', (t) => {
  const directory = temporaryDirectory(t);
  const lite = openLiteKeys(directory).create();
  const role = openKeyDirectory(directory).create('timestamp');
  const said: [MessageCode, unknown][] = [];
  const notice = (code: MessageCode, parameters: unknown) => said.push([code, parameters]);
  const load = () => {
    const ring = openKeyDirectory(directory, undefined, { progress() {}, notice });
    assert.equal(ring.lite.load().length + ring.load('timestamp').length, 2);
  };
  load();
  assert.deepEqual(said, []);
  for (const [path, mode] of [
    [join(directory, 'online/lite', `${lite.keyId}.json`), 0o640],
    [join(directory, 'online/timestamp', `${role.keyId}.json`), 0o604],
  ] as const) {
    chmodSync(path, mode);
    load();
    assert.deepEqual(said.splice(0), [['key-file-exposed', { path }]]);
    chmodSync(path, 0o600);
  }
});
