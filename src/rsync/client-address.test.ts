import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildName } from '../base/identifiers.ts';
import { placeOfAddresses, placeOfBuild, serverAddress } from './client-address.ts';
import { listedFrom } from './client-transfer.ts';

test('a server is a host of the old kind, or a repository', () => {
  assert.deepEqual(serverAddress('schoolserver'), { kind: 'rsync', url: 'rsync://schoolserver' });
  assert.deepEqual(serverAddress('rsync://teach.laptop.org/'), {
    kind: 'rsync',
    url: 'rsync://teach.laptop.org',
  });
  assert.deepEqual(serverAddress('[::1]:8730'), { kind: 'rsync', url: 'rsync://[::1]:8730' });
  assert.deepEqual(serverAddress('https://site/repo/'), { kind: 'satchel', url: 'https://site/repo' });
  assert.deepEqual(serverAddress('/media/stick'), { kind: 'satchel', url: 'file:///media/stick' });
});

test('what could mean something else to rsync is no server', () => {
  for (const written of [
    '',
    '-e sh',
    'user@host',
    'host::module',
    'rsync://host/module',
    'a b',
    '--daemon',
    'ftp://x',
  ])
    assert.equal(serverAddress(written), undefined, written);
});

test('a build lies in a module of its own', () => {
  const place = placeOfBuild('rsync://schoolserver', buildName('py802-1'));
  assert.equal(place.tree, 'rsync://schoolserver/build-py802-1/root/');
  assert.equal(place.contents[0], 'rsync://schoolserver/build-py802-1/contents');
  assert.throws(() => placeOfAddresses('http://x/contents', 'rsync://x/m/root'), {
    code: 'rsync-address-wrong',
  });
  assert.throws(() => placeOfAddresses('-e', '/x'), { code: 'rsync-address-wrong' });
});

test('listed files are asked for from the top of the module', () => {
  assert.deepEqual(listedFrom('rsync://h/build-a/root/'), { from: 'rsync://h/build-a/', prefix: 'root/./' });
  assert.deepEqual(listedFrom('rsync://h/build-a/'), { from: 'rsync://h/build-a/', prefix: '' });
  assert.deepEqual(listedFrom('/media/stick/'), { from: '/media/stick/', prefix: '' });
});
