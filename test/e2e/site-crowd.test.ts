/** A whole school at once: 500 sockets of another process and one request to the origin. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { socketCrowd } from '../doubles/socket-crowd.ts';
import { mostMemory, requestsOf, type SiteStory, type StoryPlace, siteStory } from './site.testkit.ts';

const clients = 500;

let story: SiteStory;
let school: StoryPlace;
let pack = '';

before(async () => {
  story = await siteStory('site-crowd');
  const tree = story.scratch.file('tree');
  mkdirSync(tree);
  writeFileSync(`${tree}/large`, randomBytes(3_000_000));
  await story.publish('b1', tree);
  school = await story.site('school');
  const packs = `${story.origin.repository}/packs`;
  const names = readdirSync(packs).filter((name) => name.endsWith('.pack'));
  pack = names.find((name) => statSync(`${packs}/${name}`).size > 2_900_000) ?? '';
});
after(() => story.end());

test('500 clients that ask at once get every byte, and the origin sends it once', async () => {
  const { answers, failed } = await socketCrowd(school.server.url, `/packs/${pack}`, clients);
  assert.equal(failed, 0);
  assert.deepEqual(answers, { [`200 ${pack.slice(0, 64)}`]: clients });
  const memory = mostMemory(school.server.pid);
  assert.ok(memory < 200e6, `${Math.round(memory / 1e6)} MB`);

  const { stderr } = await story.origin.server.stop();
  const asked = requestsOf(stderr).filter(
    ({ path, method }) => path === `/packs/${pack}` && method === 'GET',
  );
  assert.equal(asked.length, 1);

  // From the disk it is the same for a crowd, and without the origin.
  const again = await socketCrowd(school.server.url, `/packs/${pack}`, clients);
  assert.deepEqual(again.answers, answers);
  const later = mostMemory(school.server.pid);
  assert.ok(later < 200e6, `${Math.round(later / 1e6)} MB`);
});
