import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findPlaces, placeOf } from './discover.ts';

const referer = { address: '10.0.0.7' };
const org = 'ab'.repeat(32);

test('an answer leads to the host that it came from, its port and its path', () => {
  const answer = { port: 8400, referer, txt: { org, path: '/' } };
  assert.equal(placeOf(answer, org), 'http://10.0.0.7:8400');
  assert.equal(placeOf({ ...answer, port: 80, txt: { org } }, org), 'http://10.0.0.7');
  assert.equal(placeOf({ ...answer, txt: { org, path: '/os/repo/' } }, org), 'http://10.0.0.7:8400/os/repo');
  assert.equal(placeOf(answer, undefined), 'http://10.0.0.7:8400');
});

test('what another organisation answers leads nowhere, and nonsense does not either', () => {
  const good = { port: 8400, referer, txt: { org, path: '/' } };
  assert.notEqual(placeOf(good, org), undefined);
  for (const wrong of [
    { ...good, txt: { org: 'cd'.repeat(32) } },
    { ...good, txt: {} },
    { ...good, txt: undefined },
    { ...good, txt: null },
    { port: 8400, txt: good.txt },
    ...[0, -1, 65_536, 1.5, Number.NaN].map((port) => ({ ...good, port })),
    ...['', 'x', '/a b', '/../x', '/?a', '/#', '//\u0000', `/${'a'.repeat(300)}`, 7].map((path) => ({
      ...good,
      txt: { org, path },
    })),
  ])
    assert.equal(placeOf(wrong, org), undefined, JSON.stringify(wrong));
});

test('set addresses are given in their order, each once, and those that take no connection are not', async () => {
  const addresses = ['file:///media/stick', 'http://127.0.0.1:9', 'file:///media/stick', '/srv/repo'];
  const looking = findPlaces({ addresses, organisation: org });
  const found = [(await looking.next()).value, (await looking.next()).value];
  await looking.return();
  assert.deepEqual(found, [
    { address: 'file:///media/stick', how: 'configured' },
    { address: '/srv/repo', how: 'configured' },
  ]);
});

test('looking ends at once when it is cancelled', async () => {
  const stop = new AbortController();
  stop.abort();
  const looking = findPlaces({ addresses: [], organisation: org, signal: stop.signal });
  await assert.rejects(looking.next(), { code: 'cancelled' });
});
