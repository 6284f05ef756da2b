/**
 * Nothing leaves the machine: a site with --offline in a network namespace of its own. And whoever wants what a site
 * cannot get is told why, without waiting.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { done, launcher, refused } from '../doubles/satchel-program.ts';
import { writeTinyBuilds } from '../doubles/tiny-builds.ts';
import { type SiteStory, type StoryPlace, servePlace, siteStory } from './site.testkit.ts';

const script = join(import.meta.dirname, '../doubles/closed-network.sh');

let story: SiteStory;
let school: StoryPlace;

before(async () => {
  story = await siteStory('site-offline');
  await story.publish('b1', writeTinyBuilds(story.scratch.path).b1);
  school = await story.site('school');
  const first = await story.device('first', school.server.url);
  await done(['update', '--root', first]);
  await school.server.stop();
  // An address beyond the wire, where nobody is, and every reason to ask there.
  const elsewhere = ['--upstream', 'http://10.9.9.77:8400/', '--follow', 'stable'];
  await done(['site', 'set', '--repo', school.repository, ...elsewhere]);
});
after(() => story.end());

/** What was answered, and how many packets went out. */
async function inClosedNetwork(device: string, words: readonly string[]) {
  const root = await story.device(device, story.origin.server.url);
  const child = spawn('unshare', ['--net', script, launcher, school.repository, root, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${join(process.execPath, '..')}:${process.env.PATH}`, SATCHEL_LANG: 'en' },
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.equal(code, 0, printed);
  const [, answers] = /answers (.*)/.exec(printed) ?? [];
  const [, packets] = /packets (\d+)/.exec(printed) ?? [];
  return { answers, packets: Number(packets) };
}

test('devices update, and not one packet goes out', async () => {
  const { answers, packets } = await inClosedNetwork('offline', ['--offline']);
  assert.equal(answers, '200 200 200 404 404');
  assert.equal(packets, 0);
});

test('without --offline packets do go out through that wire: the count counts', async () => {
  const { packets } = await inClosedNetwork('online', []);
  assert.ok(packets > 0);
});

test('a device is told at once why the site does not have a build, in its language', async (context) => {
  const village = await story.site('village');
  await story.publish('b2', writeTinyBuilds(story.scratch.path).b2);
  const device = await story.device('waiting', village.server.url);
  await done(['update', '--root', device, 'b1']);
  await done(['check', '--root', device]);
  await done(['site', 'set', '--repo', village.repository, '--upstream', 'http://127.0.0.1:9/']);
  for (const [words, code, said] of [
    [['--offline'], 'source-has-not', /Este sitio funciona con --offline/],
    [[], 'source-has-not-yet', /127\.0\.0\.1:9/],
  ] as const) {
    await village.server.stop();
    village.server = (await servePlace(village.repository, { words })).server;
    context.after(() => village.server.stop());
    const source = ['--source', village.server.url];
    const begun = performance.now();
    const environment = { SATCHEL_LANG: 'es' };
    const answer = await refused(['update', '--root', device, ...source, 'b2'], { environment });
    assert.deepEqual([answer.code, answer.exitCode], [code, 1]);
    assert.match(answer.stderr, said);
    assert.ok(performance.now() - begun < 20_000, `${performance.now() - begun} ms`);
  }
});
