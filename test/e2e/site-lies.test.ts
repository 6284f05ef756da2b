/** A site is a pipe: whatever it swaps, replays, freezes or cuts off, a device keeps what it has or gets it right. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, renameSync, statSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { assertSentence, must, runCommand } from '../doubles/command.ts';
import { type FaultRule, type FaultServer, startFaultServer } from '../doubles/fault-server.ts';
import { assertSameTree } from '../doubles/same-tree.ts';
import { pristine } from '../doubles/satchel-program.ts';
import { writeTinyBuilds } from '../doubles/tiny-builds.ts';
import { type SiteStory, type StoryPlace, siteStory } from './site.testkit.ts';

let story: SiteStory;
let school: StoryPlace;
let liar: FaultServer;
/** What the site served before b2 was published. */
let before2 = '';
let template = '';
let updated = '';
let devices = 0;

/** A device of its own that has b1, whose source is the site that lies. */
function device(): string {
  devices += 1;
  const root = story.scratch.file(`device-${devices}`);
  execFileSync('cp', ['-a', template, root]);
  return root;
}

before(async () => {
  story = await siteStory('site-lies');
  const builds = writeTinyBuilds(story.scratch.path);
  await story.publish('b1', builds.b1);
  school = await story.site('school');
  template = await story.device('template', school.server.url);
  await must('update', '--root', template);
  before2 = story.scratch.file('before-b2');
  cpSync(school.repository, before2, { recursive: true });
  await story.publish('b2', builds.b2);
  updated = story.scratch.file('updated');
  execFileSync('cp', ['-a', template, updated]);
  await must('update', '--root', updated);
  await school.server.stop();
  // The site itself serves its files as they are: this is the same site with a will of its own.
  liar = await startFaultServer(school.repository);
});
after(async () => {
  await liar.close();
  await story.end();
});

/** Files of b2 by kind, as the site has them. */
function newest(folder: string, pattern: RegExp): string {
  const names = readdirSync(`${school.repository}/${folder}`).filter((name) => pattern.test(name));
  const time = (name: string) => statSync(`${school.repository}/${folder}/${name}`).mtimeMs;
  const name = names.sort((one, other) => time(other) - time(one))[0];
  assert.ok(name, `${folder} ${pattern}`);
  return `/${folder}/${name}`;
}

const kinds: Readonly<Record<string, () => string>> = {
  'the timestamp': () => '/metadata/timestamp.json',
  'the snapshot': () => newest('metadata', /^\d+\.snapshot\.json$/),
  'the streams role': () => newest('metadata', /^\d+\.streams\.json$/),
  'the builds role': () => newest('metadata', /^\d+\.builds\.json$/),
  'the record of a stream': () => newest('targets/streams', /stable/),
  'an index': () => newest('indexes', /zst$/),
  'a map': () => newest('maps', /zst$/),
  'a pack': () => newest('packs', /pack$/),
};

/** The device is exactly as it was, or it has the right build: nothing else may come of a lie. */
async function keepsOrGetsRight(root: string, what: string): Promise<void> {
  const end = await runCommand('update', '--root', root, '--source', liar.url, '--timeout', '2s');
  const versions = readdirSync(`${root}/versions/pristine`).filter((name) => !name.startsWith('.'));
  if (end.code === 0 && end.json.plan !== 'none') {
    assertSameTree(pristine(root, 'b2'), pristine(updated, 'b2'));
    return;
  }
  if (end.code !== 0) assertSentence(end);
  assert.deepEqual(versions, ['b1'], what);
  assertSameTree(pristine(root, 'b1'), pristine(template, 'b1'));
}

describe('a site that lies', () => {
  for (const [kind, path] of Object.entries(kinds)) {
    test(`about ${kind}`, async () => {
      const size = () => statSync(`${school.repository}${path()}`).size;
      const lies: Record<string, FaultRule['fault']> = {
        swapped: { kind: 'flip', offset: Math.floor(size() / 2) },
        'cut off': { kind: 'truncate', after: Math.floor(size() / 2) },
        shortened: { kind: 'resize', by: -1 },
        replaced: { kind: 'replace', text: '{"signed":{},"signatures":[]}' },
      };
      for (const [lie, fault] of Object.entries(lies)) {
        liar.setRules([{ path: path(), fault }]);
        await keepsOrGetsRight(device(), `${kind} ${lie}`);
      }
    });
  }

  test('by handing out one file under the name of another', async () => {
    const swapped = story.scratch.file('swapped');
    cpSync(school.repository, swapped, { recursive: true });
    for (const folder of ['packs', 'indexes', 'maps']) {
      const [one, other] = readdirSync(`${swapped}/${folder}`).map((name) => `${swapped}/${folder}/${name}`);
      if (one === undefined || other === undefined) continue;
      renameSync(one, `${one}.aside`);
      renameSync(other, one);
      renameSync(`${one}.aside`, other);
    }
    const server = await startFaultServer(swapped);
    const root = device();
    const end = await runCommand('update', '--root', root, '--source', server.url, '--timeout', '2s');
    await server.close();
    assertSentence(end);
    assertSameTree(pristine(root, 'b1'), pristine(template, 'b1'));
  });

  test('by replaying what was, to a device that has seen what is: nothing goes back', async () => {
    const root = story.scratch.file('replayed');
    execFileSync('cp', ['-a', updated, root]);
    const server = await startFaultServer(before2);
    const end = await runCommand('update', '--root', root, '--source', server.url);
    await server.close();
    if (end.code === 0) assert.equal(end.json.plan, 'none');
    else assertSentence(end);
    assert.ok(readdirSync(`${root}/versions/pristine`).includes('b2'));
    assertSameTree(pristine(root, 'b2'), pristine(updated, 'b2'));
  });

  test('by freezing: a device that knew no better stays where it is, and goes on with the next honest source', async () => {
    const root = device();
    const server = await startFaultServer(before2);
    const frozen = await must('update', '--root', root, '--source', server.url);
    await server.close();
    assert.equal(frozen.plan, 'none');
    liar.setRules([]);
    const honest = await must('update', '--root', root, '--source', liar.url);
    assert.equal(honest.build, 'b2');
    assertSameTree(pristine(root, 'b2'), pristine(updated, 'b2'));
  });
});
