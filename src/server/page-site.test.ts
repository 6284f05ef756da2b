import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { formatBytes } from '../base/units.ts';
import type { FleetView } from './page-devices.ts';
import { renderSitePage, type SiteView } from './page-site.ts';
import type { StickView } from './page-stick.ts';

const now = Date.parse('2026-11-20T10:00:00Z');
const at = '2026-11-20T09:59:58Z';

const site: SiteView = {
  id: '0123456789abcdef',
  name: 'escuela-7',
  upstream: 'https://origin.example/',
  offline: false,
  stick: null,
  link: {
    down: false,
    lastContact: '2026-11-20T09:00:00Z',
    rate: 125_000,
    refused: null,
    reportsRefused: null,
  },
  builds: [
    { name: 'py802-1', streams: ['stable'], held: 5_000_000, total: 5_000_000 },
    { name: 'py803-2', streams: [], held: 1_000_000, total: 4_000_000 },
    { name: 'py804-1', streams: [], held: 0, total: 4_000_000 },
  ],
  receiving: { received: 0, size: 0 },
  disk: { used: 6_000_000, budget: 16 * 1024 ** 3, free: 40_000_000_000 },
};
const fleet: FleetView = {
  devices: [
    { name: 'SHC00000001', running: 'py802-1', state: 'current', seen: at },
    { name: 'SHC<00000002', running: 'py800-9', state: 'behind', next: 'py802-1', seen: at },
  ],
  more: 3,
  current: 1,
  sites: [],
};

const page = (over: Partial<SiteView> = {}, language: 'en' | 'es' = 'en') =>
  renderSitePage({ site: { ...site, ...over }, fleet, now, language });
const stick = (over: Partial<StickView>): StickView => ({
  state: 'copying',
  done: 43,
  total: 100,
  at,
  ...over,
});

suite('the page of a site', () => {
  test('shows what is here, which devices are up to date, and the link, in both languages', () => {
    const english = page();
    for (const text of [
      'escuela-7',
      'complete',
      `${formatBytes(1_000_000)} of ${formatBytes(4_000_000)}`,
      'is fetched when asked for',
      'Devices up to date: 1 of 5.',
      'up to date',
      'will go to py802-1',
      'SHC&lt;00000002',
      'More devices, not shown here: 3.',
      'https://origin.example/',
      'Last contact: 2026-11-20 09:00 UTC.',
      `Measured speed: ${formatBytes(125_000)} a second.`,
    ])
      assert.ok(english.includes(text), text);
    const spanish = page({}, 'es');
    for (const text of ['completa', 'Equipos al día: 1 de 5.', 'pasará a py802-1', 'Último contacto'])
      assert.ok(spanish.includes(text), text);
    assert.doesNotMatch(english, /<script|http-equiv/);
  });

  test('follows a stick until it may be pulled out, by asking again itself', () => {
    assert.match(page({ stick: stick({ state: 'found' }) }), /A stick was found\. Do not pull it out yet\./);
    const copying = page({ stick: stick({}) }, 'es');
    assert.match(copying, /Copiando de la memoria USB: 43 %/);
    assert.match(copying, /<meta http-equiv="refresh" content="5">/);
    assert.match(copying, /<progress max="100" value="43">/);
    const done = page({ stick: stick({ state: 'done' }) });
    assert.match(done, /You may pull the stick out/);
    assert.match(done, /everything is copied/);
    assert.doesNotMatch(done, /http-equiv/);
    const remark = { code: 'stick-older', parameters: { path: '/mnt' } };
    assert.match(page({ stick: stick({ state: 'done', ...remark }) }), /everything is copied/);
    const file = `packs/${'ab'.repeat(32)}.pack`;
    const lost = stick({ state: 'done', code: 'stick-file-damaged', parameters: { file } });
    const part = page({ stick: lost });
    assert.match(part, /Not everything was taken: packs\/abababababab….pack on the stick is damaged/);
    assert.match(part, /Prepare the stick again; .* You may pull the stick out/);
    assert.doesNotMatch(part, /everything is copied/);
    assert.match(page({ stick: lost }, 'es'), /No se tomó todo: .* Ya puede retirar la memoria USB/);
    const failed = page({
      stick: stick({ state: 'failed', code: 'disk-full', parameters: { path: '/srv' } }),
    });
    assert.match(failed, /\/srv/);
    assert.match(failed, /You may pull it out/);
    assert.match(
      page({ stick: stick({ state: 'failed', code: 'of-a-later-version' }) }),
      /of-a-later-version/,
    );
  });

  test('says when nothing is heard of a copy any more, and forgets a stick of yesterday', () => {
    const silent = page({ stick: stick({ at: '2026-11-20T09:50:00Z' }) });
    assert.match(silent, /since 2026-11-20 09:50 UTC/);
    assert.doesNotMatch(silent, /http-equiv/);
    assert.match(
      page({ stick: stick({ state: 'done', at: '2026-11-19T09:00:00Z' }) }),
      /No stick is plugged in/,
    );
    // 0 of 0, and more than all: no nonsense.
    assert.match(page({ stick: stick({ done: 0, total: 0 }) }), /: 0 %/);
    assert.match(page({ stick: stick({ done: 9, total: 3 }) }), /: 100 %/);
  });

  test('tells of a link that is down, of an upstream that is not believed, and of being offline', () => {
    assert.match(page({ link: { ...site.link, down: true } }), /cannot be reached now/);
    const refused = { code: 'disk-full', parameters: { path: '/x' } } as const;
    assert.match(page({ link: { ...site.link, refused } }), /is not accepted: .*\/x/);
    assert.match(page({ offline: true }), /stay offline/);
    const reportsRefused = { code: 'site-reports-revoked', parameters: { upstream: 'http://o/' } } as const;
    assert.match(page({ link: { ...site.link, reportsRefused } }, 'es'), /su código fue revocado/);
  });

  test('is a page also when nothing could be read', () => {
    const page = renderSitePage({ site: undefined, fleet: undefined, now, language: 'es' });
    assert.match(page, /role="alert"/);
  });
});
