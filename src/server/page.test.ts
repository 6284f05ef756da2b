import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderPage } from './page.ts';
import type { PageData } from './page-data.ts';

const data: PageData = {
  builds: [
    {
      name: 'debian-12.12',
      files: 9731,
      treeBytes: 187_000_000,
      storedBytes: 61_200_000,
      published: '2026-11-20T10:00:00Z',
      streams: ['stable'],
    },
  ],
  costs: [{ from: 'debian-12.0', to: 'debian-12.12', bytes: 18_400_000 }],
  deltas: [
    { from: 'debian-12.0', to: 'debian-12.12', bytes: 3_290_000 },
    { from: 'debian-11.9', to: 'debian-12.12', bytes: 40_100_000 },
  ],
  streams: [
    { name: 'stable', head: 'debian-12.12' },
    { name: 'none', head: null },
  ],
};

test('the page shows builds, costs, streams and requests, without scripts', () => {
  const requests = [
    {
      time: '2026-11-20T10:01:02.000Z',
      method: 'GET',
      path: '/packs/x',
      status: 206,
      bytes: 5000,
      ms: 1.5,
      range: 'bytes=0-4999',
    },
  ];
  const page = renderPage({ data, requests, language: 'en' });
  for (const text of ['debian-12.12', '9\u202f731', '187 MB', '61.2 MB', '18.4 MB', '2026-11-20 10:00 UTC']) {
    assert.ok(page.includes(text), text);
  }
  for (const text of ['stable', 'GET /packs/x', '206', '5.00 kB', '10:01:02', 'bytes=0-4999']) {
    assert.ok(page.includes(text), text);
  }
  assert.doesNotMatch(page, /<script|javascript:|\son\w+=/i);
});

test('what an update costs is shown by objects and by delta, each pair of builds in one row', () => {
  const page = renderPage({ data, requests: [], language: 'en' });
  const [both, deltaOnly] = ['debian-12.0', 'debian-11.9'].map((from) =>
    page.split('\n').find((line) => line.includes(`>${from}<`)),
  );
  assert.match(both ?? '', /18\.4 MB.*3\.29 MB/);
  assert.match(deltaOnly ?? '', />–<.*40\.1 MB/);
});

test('the page speaks Spanish, and links to the other language', () => {
  const page = renderPage({ data, requests: [], language: 'es' });
  assert.match(page, /<html lang="es">/);
  assert.match(page, /Cuánto cuesta actualizar/);
  assert.match(page, /href="\/\?lang=en"/);
});

test('nothing that comes from outside becomes markup', () => {
  const evil = `"><script>alert('1')</script>&`;
  const page = renderPage({
    data: {
      builds: [{ name: evil, files: 1, treeBytes: 1, storedBytes: 1, published: evil, streams: [evil] }],
      costs: [{ from: evil, to: evil, bytes: 1 }],
      deltas: [],
      streams: [{ name: evil, head: evil }],
    },
    requests: [{ time: evil, method: evil, path: evil, status: 200, bytes: 1, ms: 1, range: evil }],
    language: 'en',
  });
  assert.doesNotMatch(page, /<script/);
  assert.equal(page.match(/&quot;&gt;&lt;script&gt;alert\(&#39;1&#39;\)&lt;\/script&gt;&amp;/g)?.length, 12);
});

test('the hash in a path is shortened, and whole in its title', () => {
  const path = `/packs/${'ab'.repeat(32)}.pack`;
  const requests = [{ time: '', method: 'GET', path, status: 200, bytes: 1, ms: 1 }];
  const page = renderPage({ data, requests, language: 'en' });
  assert.ok(page.includes('>GET /packs/abababababab….pack<'));
  assert.ok(page.includes(`title="${path}"`));
});

test('an empty repository and one that cannot be read are said in words', () => {
  const empty = renderPage({
    data: { builds: [], costs: [], deltas: [], streams: [] },
    requests: [],
    language: 'en',
  });
  assert.match(empty, /Nothing has been published yet/);
  assert.match(renderPage({ data: undefined, requests: [], language: 'en' }), /cannot be read right now/);
});

test('an origin that devices and sites report to shows them', () => {
  const fleet = {
    devices: [{ name: 'SHC1', running: null, state: 'failed', seen: '2026-11-20T10:00:00Z' }],
    more: 0,
    current: 0,
    sites: [{ name: 'escuela', seen: null, devices: 31 }],
  } as const;
  const page = renderPage({ data, fleet, requests: [], language: 'es' });
  for (const text of ['escuela', '31', 'SHC1', 'la última actualización falló', 'Equipos al día: 0 de 1'])
    assert.ok(page.includes(text), text);
  assert.doesNotMatch(renderPage({ data, requests: [], language: 'es' }), /Equipos/);
});
