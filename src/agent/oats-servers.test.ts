import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../device/device.fixture.ts';
import { ignoresSignatures, oatsServer, oatsServers } from './oats-servers.ts';

test('the school server comes first, and the switches of the image count', (context) => {
  const root = temporaryFolder(context);
  const ask = (servers: string[] = [], source?: string) => oatsServers(root, { servers, source });
  assert.deepEqual(ask(), ['http://schoolserver/', 'http://antitheft.laptop.org/']);
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/oats-server'), 'antitheft.example.org:8400\n');
  assert.deepEqual(ask(['laptops.example.org'], 'http://10.0.0.1:8400/repo'), [
    'http://schoolserver/',
    'http://laptops.example.org/',
    'http://10.0.0.1:8400/',
    'http://antitheft.example.org:8400/',
  ]);
  writeFileSync(join(root, 'etc/oats-ignore-xs'), '');
  assert.deepEqual(ask([], 'auto'), ['http://antitheft.example.org:8400/']);
  assert.deepEqual(ask(['antitheft.example.org:8400'], 'file:///repo'), [
    'http://antitheft.example.org:8400/',
  ]);
  writeFileSync(join(root, 'etc/oats-server'), 'no host\nat all');
  assert.deepEqual(ask(), ['http://antitheft.laptop.org/']);
  assert.equal(ignoresSignatures(root), false);
  writeFileSync(join(root, 'etc/oats-ignore-signature'), '');
  assert.equal(ignoresSignatures(root), true);
});

test('servers as people write them', () => {
  assert.equal(oatsServer('schoolserver'), 'http://schoolserver/');
  assert.equal(oatsServer(' [fe80::1]:80 '), 'http://[fe80::1]:80/');
  assert.equal(oatsServer('https://example.org/oats/'), 'https://example.org/oats/');
  for (const wrong of [
    '',
    'two words',
    'ftp://example.org',
    'http://example.org/?a=b',
    'http://',
    'a/b',
    '-x',
    'example.org:99999',
    'http://name:secret@example.org/',
    'https://name@example.org/',
  ])
    assert.equal(oatsServer(wrong), undefined, wrong);
});
