/** The role that signs activities: over a signing request, and in repositories that were made before there was such a role. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ActivitiesUpdated } from '../../src/activities/update-activities.ts';
import type { UpdateResult } from '../../src/device/update.ts';
import { zipOf } from '../../src/formats/zip.testkit.ts';
import { makeOlderRepository } from '../doubles/older-repository.ts';
import { done, refused, satchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';

type Waiting = { readonly toSign?: string };
type Rotated = Waiting & { readonly made: readonly string[] };

const scratch = scratchFolder('activity-keys');

function bundle(version: number): string {
  const path = scratch.file(`Maze-${version}.xo`);
  const info = `[Activity]\nname = Maze\nbundle_id = org.maze\nactivity_version = ${version}\nexec = maze\nicon = maze\nlicense = GPLv3+\n`;
  const files = { 'activity/activity.info': info, 'activity/maze.svg': '<svg/>' };
  const members = Object.entries(files).map(([name, content]) => ({
    name: `Maze.activity/${name}`,
    content,
  }));
  writeFileSync(path, zipOf(members));
  return path;
}

/** An origin with a build, a device that has it, and another machine for the offline keys. */
function scene(name: string) {
  const [repository, machine, device] = [`${name}/repository`, `${name}/machine`, `${name}/device`].map(
    (each) => join(scratch.path, each),
  ) as [string, string, string];
  const home = join(scratch.path, name, 'home');
  for (const folder of [machine, home]) mkdirSync(folder, { recursive: true });
  const atOrigin = (...words: string[]) => [...words, '--repo', repository];
  return {
    ...{ repository, machine, atOrigin },
    keys: `${repository}.keys`,
    publish: (version: number) => done<Waiting>(atOrigin('activity', 'publish', bundle(version))),
    os: () => done<UpdateResult>(['update', '--root', device]),
    activities: () => done<ActivitiesUpdated>(['activities', 'update', '--root', device, '--home', home]),
    fsck: async () => (await done<{ damaged: unknown[] }>(atOrigin('fsck'))).damaged,
    async start(rootSha256: string) {
      const tree = join(scratch.path, name, 'tree');
      mkdirSync(tree);
      writeFileSync(join(tree, 'file'), 'the OS');
      await done(atOrigin('publish', '--name', 'os-1', tree));
      await done(['device', 'init', '--root', device, '--source', repository, '--trust', rootSha256]);
      await done(['update', '--root', device]);
    },
    /** Takes the offline keys away. */
    separate: () => renameSync(`${repository}.keys/offline`, `${machine}/offline`),
    /** Carries a request to the other machine, signs it there, and carries it back; gives what was said. */
    async signElsewhere(request: string): Promise<string> {
      const carried = `${machine}/request.json`;
      cpSync(request, carried);
      const { stdout } = await satchel(['keys', 'sign', '--key-dir', machine, carried]);
      cpSync(carried, request);
      await done(atOrigin('keys', 'submit', request));
      return stdout;
    },
  };
}

const ids = ({ updated }: ActivitiesUpdated) => updated.map(({ id, to }) => `${id}-${to}`);

after(() => scratch.remove());

describe('publishing activities without the offline keys', () => {
  const { atOrigin, start, separate, publish, activities, signElsewhere, fsck } = scene('signed');

  before(async () => {
    await start((await done<{ rootSha256: string }>(atOrigin('init'))).rootSha256);
    separate();
  });

  test('leaves a request, and devices see nothing until it is signed and handed in', async () => {
    const { toSign = '' } = await publish(1);
    assert.ok(existsSync(toSign));
    assert.deepEqual(ids(await activities()), []);
    assert.equal((await refused(atOrigin('keys', 'submit', toSign))).code, 'request-unsigned');
    const said = await signElsewhere(toSign);
    assert.match(said, /activities/);
    assert.match(said, /default/);
    assert.deepEqual(ids(await activities()), ['org.maze-1']);
    assert.deepEqual(await fsck(), []);
  });

  test('of two requests at once one is good, and the other is outdated', async () => {
    const { toSign: first = '' } = await publish(2);
    const { toSign: second = '' } = await publish(3);
    await signElsewhere(second);
    const refusal = await refused(atOrigin('keys', 'submit', first));
    assert.ok(['request-outdated', 'request-unsigned'].includes(refusal.code), refusal.code);
    assert.deepEqual(ids(await activities()), ['org.maze-3']);
  });

  test('to remove one waits for the key too', async () => {
    const { toSign = '' } = await done<Waiting>(atOrigin('activity', 'remove', 'org.maze'));
    await signElsewhere(toSign);
    const { groups } = await done<{ groups: { bundles: unknown[] }[] }>(atOrigin('activity', 'list'));
    assert.deepEqual(
      groups.flatMap(({ bundles }) => bundles),
      [],
    );
  });
});

describe('a repository that was made before there were activities', () => {
  const { repository, keys, atOrigin, start, publish, os, activities, fsck } = scene('older');

  before(async () => {
    await start(await makeOlderRepository(repository));
  });

  test('has no such role, says so, and is as good as ever for its devices', async () => {
    assert.equal(
      readdirSync(join(repository, 'metadata')).some((name) => /activities/.test(name)),
      false,
    );
    assert.equal(existsSync(join(keys, 'offline/activities')), false);
    const { code, message } = await refused(atOrigin('activity', 'publish', bundle(1)));
    assert.equal(code, 'role-activities-absent', message);
    assert.equal((await os()).plan, 'none');
    assert.deepEqual(ids(await activities()), []);
    assert.deepEqual(await fsck(), []);
  });

  test('gets the role with its first key, and devices that knew it before follow', async () => {
    const { made, toSign } = await done<Rotated>(atOrigin('keys', 'rotate', 'activities'));
    assert.deepEqual([made.length, toSign], [1, undefined]);
    assert.equal((await os()).plan, 'none');
    await publish(1);
    assert.deepEqual(ids(await activities()), ['org.maze-1']);
    assert.deepEqual(await fsck(), []);
  });

  test('the key changes like any other from then on', async () => {
    const { made } = await done<Rotated>(atOrigin('keys', 'rotate', 'activities'));
    assert.equal(made.length, 1);
    await publish(2);
    assert.deepEqual(ids(await activities()), ['org.maze-2']);
  });
});

describe('such a repository without its offline keys', () => {
  const { repository, atOrigin, start, separate, publish, os, activities, signElsewhere, fsck } =
    scene('older-signed');

  before(async () => {
    await start(await makeOlderRepository(repository));
    separate();
  });

  test('gets the role over a request that the keys of targets sign', async () => {
    const { made, toSign = '' } = await done<Rotated>(atOrigin('keys', 'rotate', 'activities'));
    assert.equal(made.length, 1);
    assert.match(await signElsewhere(toSign), new RegExp(`activities: 1 must sign; new: ${made[0]}`));
    assert.equal((await os()).plan, 'none');
    // The key was made here, where it is used until somebody carries it to the others.
    assert.equal((await publish(1)).toSign, undefined);
    assert.deepEqual(ids(await activities()), ['org.maze-1']);
    assert.deepEqual(await fsck(), []);
  });
});
