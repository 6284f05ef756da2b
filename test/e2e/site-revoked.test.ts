/** A site whose token was revoked at the origin: it knows it, and no place takes its reports, at any depth. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { systemClock } from '../../src/base/clock.ts';
import { silentReporter } from '../../src/base/progress.ts';
import { deviceReport, hex } from '../../src/fleet/reports.testkit.ts';
import { type Forwarded, forwardReports } from '../../src/site/forward.ts';
import { openSite } from '../../src/site/site.ts';
import { exchange } from '../doubles/http-exchange.ts';
import { done, satchel } from '../doubles/satchel-program.ts';
import { type SiteStory, type StoryPlace, servePlace, siteStory } from './site.testkit.ts';

let story: SiteStory;
let school: StoryPlace;
let room: StoryPlace;

before(async () => {
  story = await siteStory('site-revoked');
  school = await story.site('school');
  room = await story.site('room', school);
});
after(() => story.end());

/** Brings a report of a device to the school as the room does. */
async function report(device: string): Promise<number> {
  const { credential } = JSON.parse(readFileSync(`${room.repository}.site/site.json`, 'utf8'));
  const batch = { satchel: 'reports', format: 1, reports: [deviceReport({ device })] };
  const body = JSON.stringify(batch);
  const headers = {
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    Authorization: `Bearer ${credential}`,
  };
  const { status } = await exchange(school.server.url, '/api/v1/reports', { method: 'POST', headers, body });
  return status;
}

/** What a site does by itself every few minutes. */
async function forward(place: StoryPlace): Promise<Forwarded> {
  await place.server.stop();
  const site = await openSite({
    ...{ repository: place.repository, clock: systemClock, reporter: silentReporter, offline: false },
    onFailure: (error) => assert.fail(String(error)),
  });
  try {
    return await forwardReports(site, AbortSignal.timeout(20_000));
  } finally {
    await site.close();
    place.server = (await servePlace(place.repository, { listen: new URL(place.server.url).host })).server;
  }
}

const known = async () => {
  const { devices } = await done<{ devices: { id: string }[] }>([
    ...['fleet', 'devices', '--repo', story.origin.repository],
  ]);
  return devices.map(({ id }) => id);
};

test('a site below another is refused everywhere, knows it, and is heard again with a new token', async () => {
  const [before, late, again] = [hex(32), hex(32), hex(32)] as const;
  assert.equal(await report(before), 200);
  assert.equal((await forward(school)).stopped, undefined);
  assert.deepEqual(await known(), [before]);

  const { tokens } = await done<{ tokens: { id: string; site: { name: string } | null }[] }>([
    ...['site', 'token', 'list', '--repo', story.origin.repository],
  ]);
  const id = tokens.find(({ site }) => site?.name === 'room')?.id ?? '';
  await done(['site', 'token', 'revoke', id, '--repo', story.origin.repository]);
  // The school cannot know it yet.
  assert.equal(await report(late), 200);
  assert.equal((await forward(school)).refused, 1);
  assert.deepEqual(await known(), [before]);
  assert.equal(await report(late), 403);

  const root = await story.device('device', room.server.url);
  await satchel(['update', '--root', root]);
  await satchel(['report', '--root', root]);
  assert.equal((await forward(room)).stopped, 'not-known');
  const status = await satchel(['site', 'status', '--repo', room.repository]);
  assert.match(status.stdout, /Reports: waiting: \d+\. Refused since .*satchel site set --token/);
  const page = await exchange(room.server.url, '/?lang=en');
  assert.match(page.body.toString(), /its token was revoked there/);

  const { token } = await done<{ token: string }>([
    ...['site', 'token', 'create', '--repo', story.origin.repository],
  ]);
  await done(['site', 'set', '--token', token, '--repo', room.repository]);
  assert.equal(await report(again), 200);
  assert.equal((await forward(room)).stopped, undefined);
  assert.equal((await forward(school)).refused, 0);
  assert.ok((await known()).includes(again));
  const { stdout } = await satchel(['site', 'status', '--repo', room.repository]);
  assert.match(stdout, /Reports: waiting: 0\. While/);
});
