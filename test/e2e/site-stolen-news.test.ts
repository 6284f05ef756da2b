/** Laptops that ask a site for leases bring it the news who is stolen: nobody else need ask for anything. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseOatsEnvelope } from '../../src/advice/oats-envelope.ts';
import { askActivation } from '../doubles/activation-client.ts';
import { askOats } from '../doubles/laptop-oats.ts';
import { done } from '../doubles/satchel-program.ts';
import { adviceAt, keyStory, newToken, strangeDevice } from './device-api.testkit.ts';
import type { SiteStory, StoryPlace } from './site.testkit.ts';

const serial = 'SHC00000001';
let story: SiteStory;
let site: StoryPlace;

before(async () => {
  story = await keyStory('site-stolen-news');
  const file = (name: string) => story.scratch.file(name);
  const passphrase = ['--passphrase-file', file('passphrase')];
  await done(['lease', 'key', file('school'), ...passphrase]);
  const to = ['--to', file('school.public'), '--until', '2098-01-01', '--output', file('d-lease.sig')];
  const master = ['--key', file('master.private'), ...passphrase];
  await done(['lease', 'delegate', ...master, '--laptops', file('xo.csv'), ...to]);
  site = await story.site('school', undefined, ['--activation', '127.0.0.1:0']);
  const own = ['--repo', site.repository, '--key', file('school.private'), ...passphrase];
  await done(['lease', 'take', file('d-lease.sig'), '--repo', site.repository]);
  await done(['lease', 'set', ...own]);
  await done(['oats', 'set', ...own]);
});
after(() => story.end());

/** Asks until the answer is this one; whoever asks brings the news, without waiting for it. */
async function until(isStolen: () => Promise<boolean>, wanted: boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while ((await isStolen()) !== wanted) assert.ok(performance.now() < end, 'the news never came');
}

/** A mark that is set and taken back at the origin, as this question sees it at the site. */
async function follows(isStolen: () => Promise<boolean>): Promise<void> {
  const at = ['--repo', story.origin.repository, '--by', 'Ana', '--reason', 'taken from school'];
  for (const [word, wanted] of [
    ['stolen', true],
    ['recovered', false],
  ] as const) {
    assert.equal(await isStolen(), !wanted);
    await done(['lease', word, serial, ...at]);
    await until(isStolen, wanted);
  }
}

test('a question at port 191', () =>
  follows(async () => (await askActivation(site.server.activation ?? '', serial)) === 'STOLEN'));

test('a question by the theft-deterrence protocol', () =>
  follows(async () => {
    const { body } = await askOats(site.server.url, `serialnum=${serial}&version=1&nonce=n`);
    return Object.hasOwn(parseOatsEnvelope(body).fields, 'stolen');
  }));

test('a question of a device with a key of its own', async () => {
  const { privateKey } = await strangeDevice(site.server.url, await newToken(story), serial);
  await follows(async () => (await adviceAt(site.server.url, privateKey)).json.stolen === true);
});
