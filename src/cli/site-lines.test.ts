import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Language, say } from '../base/catalogue.ts';
import { streamName } from '../base/identifiers.ts';
import type { SiteStatus } from '../site/join-status.ts';
import { defaultSiteSettings } from '../site/settings.ts';
import type { Words } from './command.ts';
import { siteStatusLines } from './site-lines.ts';

const wordsIn = (language: Language): Words => ({
  language,
  say: (code, parameters = {}) => say(code, parameters, language).text,
});

const settings = { ...defaultSiteSettings, id: '0123456789abcdef', name: 'kasiisi', upstream: 'http://o/' };
const at = '2026-01-15T12:00:00Z';
const quiet: SiteStatus = {
  repository: '/r',
  settings,
  ...{ reports: false, waiting: 0, offline: false, unknownStreams: [] },
  link: { failures: 0 },
  month: undefined,
  metadata: { versions: {}, expired: [], streams: [] },
  disk: { free: 1, total: 2 },
};
const busy: SiteStatus = {
  ...quiet,
  settings: { ...settings, follow: [streamName('stable')], hours: '22:00-06:00', bytesPerSecond: 1000 },
  ...{ reports: true, waiting: 12, unknownStreams: ['nosuch'] },
  link: {
    failures: 3,
    contacted: at,
    downSince: at,
    lastFailure: {
      ...{ at, code: 'store-unreachable' },
      parameters: { location: 'http://o/', name: 'x', reason: 'ECONNREFUSED' },
    },
    rate: { bytesPerSecond: 12_345.6, roundTrip: 0.3 },
    checked: at,
    problem: { at, code: 'site-loop', parameters: { upstream: 'http://o/' } },
  },
  month: { month: '2026-01', bytes: 5, budget: 10, left: 5, nextBegins: '2026-02-01T00:00:00.000Z' },
  metadata: {
    issued: at,
    versions: { root: 1 },
    expired: [{ role: 'timestamp', expires: at }],
    unusable: { at, code: 'root-expired', parameters: { expires: at, source: 'http://o/', now: at } },
    streams: [
      { stream: 'stable', build: 'b1' },
      { stream: 'testing', build: 'b2', haltedSince: at },
    ],
  },
};
const { downSince: _, ...up } = busy.link;
const refused: SiteStatus = {
  ...busy,
  link: { ...up, reports: { at, code: 'site-reports-revoked', parameters: { upstream: 'http://o/' } } },
};

for (const language of ['en', 'es'] as const)
  test(`every state of a site is told in whole sentences (${language})`, () => {
    for (const status of [quiet, busy, refused, { ...busy, link: up }, { ...busy, offline: true }])
      for (const line of siteStatusLines(status, wordsIn(language)))
        assert.doesNotMatch(line, /[{}]|undefined/);
  });

test('what an operator needs to know is in it', () => {
  const text = siteStatusLines(busy, wordsIn('en')).join('\n');
  for (const part of ['kasiisi', 'down since', 'ECONNREFUSED', 'leads back', '22:00-06:00', 'b1', 'halted'])
    assert.ok(text.includes(part), part);
});

test('reports that wait are counted, with when they go or why they do not', () => {
  const last = (status: SiteStatus) => siteStatusLines(status, wordsIn('en')).at(-1) ?? '';
  assert.match(last(busy), /waiting: 12\. .*every 5 minutes/);
  assert.match(last(refused), /waiting: 12\. Refused since .*revoked.*satchel site set --token/);
  assert.match(last({ ...busy, offline: true }), /stay here.*--offline/);
  assert.match(last(quiet), /waiting: 0\. By stick only/);
});

test('a link that nobody tried is not called up', () => {
  const text = (status: SiteStatus) => siteStatusLines(status, wordsIn('en')).join('\n');
  assert.match(text(quiet), /Link: http:\/\/o\/ has not been asked yet/);
  assert.match(text({ ...busy, link: up, offline: true }), /Link: none, .*--offline/);
  assert.match(text(busy), /no stream nosuch/);
  assert.equal(text(busy).match(/^Disk:/gm)?.length, 1);
});
