/** What Sugar's updaters and people are answered below `/activities/`. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import pino from 'pino';
import { SatchelError } from '../base/errors.ts';
import type { BundleDetails, BundleRecord, GroupRecord } from '../repository/group-record.ts';
import { activitiesRoute } from './activities.ts';
import type { RequestRecord } from './request-log.ts';

const maze = {
  ...{ id: 'org.test.Maze', version: '1', kind: 'activity', streams: ['stable'], optional: false },
  ...{ index: { sha256: 'of the maze' }, tree: { bytes: 1 } },
} as unknown as BundleRecord;
const record = { group: 'default', titles: { '': 'All' }, descriptions: {}, bundles: [maze] };
const names = { '': 'Maze', es: 'Laberinto', es_419: 'El laberinto' };
const details = { id: maze.id, version: maze.version, names } as BundleDetails;

const lines: string[] = [];
const log = pino({}, { write: (line: string) => lines.push(line) });
const route = activitiesRoute(
  {
    offered: async () => ({
      groups: [{ record: record as unknown as GroupRecord, details: [details] }],
      files: new Map([['org.test.Maze-1.xo', maze]]),
    }),
    zips: {
      file: () => Promise.reject(new SatchelError('bundle-zip-no-room', { name: 'Maze', bytes: '9 GB' })),
    },
  },
  log,
);
const server = createServer(
  (request, response) => void route.answer(request, response, request.url!, {} as RequestRecord),
);
let url: string;
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/activities/`;
});
after(() => server.close());

const languageOf = async (wish: string) => {
  const page = await fetch(url, { headers: { 'Accept-Language': wish } });
  return [page.headers.get('content-language'), /olpc-activity-name">([^<]*)</.exec(await page.text())?.[1]];
};

test('who reads English best gets the plain texts, though another language has its own', async () => {
  for (const wish of ['en-US,en;q=0.9,es;q=0.5', 'en', '*', '', 'fr, *;q=0.5, es;q=0.1'])
    assert.deepEqual(await languageOf(wish), [null, 'Maze'], wish);
  for (const wish of ['es', 'es-UY,en;q=0.5', 'en;q=0, es;q=0.1', 'fr,es;q=0.5'])
    assert.deepEqual(await languageOf(wish), ['es', 'Laberinto'], wish);
  assert.deepEqual(await languageOf('es-419,es;q=0.9'), ['es-419', 'El laberinto']);
});

test('every page that a page leads to is there', async () => {
  const page = await (await fetch(url)).text();
  const links = [...page.matchAll(/href="(index\.[^"]+)"/g)].map(([, link]) => link!);
  assert.deepEqual(links, ['index.es.html', 'index.es_419.html']);
  for (const link of links) assert.equal((await fetch(new URL(link, url))).status, 200, link);
});

test('a bundle that there is no room for as a file is refused with a sentence, and the log tells it once', async () => {
  for (let time = 0; time < 2; time += 1) {
    const answer = await fetch(new URL('org.test.Maze-1.xo', url), { headers: { 'Accept-Language': 'es' } });
    assert.equal(answer.status, 507);
    assert.match(await answer.text(), /no hay espacio/);
  }
  assert.equal(lines.filter((line) => line.includes('there is no room for it')).length, 1);
});
