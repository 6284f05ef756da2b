import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { openSourceStore } from './open.ts';

test('addresses and paths open the store of their kind', async () => {
  assert.equal((await openSourceStore('http://host/repo')).location, 'http://host/repo/');
  assert.equal((await openSourceStore('HTTPS://host/repo/')).location, 'https://host/repo/');
  assert.equal((await openSourceStore('file:///srv/a%20b')).location, '/srv/a b');
  assert.equal((await openSourceStore('/srv/repo/')).location, '/srv/repo');
  assert.equal((await openSourceStore('./x')).location, `${process.cwd()}/x`);
});

test('other addresses are refused with a sentence', async () => {
  for (const address of ['', 'ftp://host/', 'file://host/x', 'rsync://host/x', 'http://'])
    await assert.rejects(
      openSourceStore(address),
      (error) => isSatchelError(error, 'store-address-not-usable'),
      address,
    );
});
