/** Offline keys on a machine of their own: publishing over a signing request, and keys that change. */
import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { UpdateResult } from '../../src/device/update.ts';
import { assertSameTree } from '../doubles/same-tree.ts';
import { done, doneWith, pristine, refused, satchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';

type Waiting = { readonly toSign?: string };
type ListedKeys = {
  readonly roles: readonly {
    readonly role: string;
    readonly custody: 'offline' | 'online';
    readonly keys: readonly { keyId: string; isHere: boolean }[];
    readonly unused: readonly string[];
  }[];
};
type Rotated = Waiting & { readonly made: readonly string[] };

const scratch = scratchFolder('offline-keys');
const repository = scratch.file('repository');
const onlineKeys = `${repository}.keys`;
/** The other machine: a folder that only has offline keys. */
const machine = scratch.file('machine');
const device = scratch.file('device');

function tree(name: string): string {
  const path = scratch.file(`tree-${name}`);
  if (existsSync(path)) return path;
  mkdirSync(path);
  writeFileSync(`${path}/name`, `${name}\n`);
  return path;
}

const atOrigin = (...words: string[]) => [...words, '--repo', repository];
const publish = (name: string) => done<Waiting>(atOrigin('publish', '--name', name, tree(name)));
const update = () => done<UpdateResult>(['update', '--root', device]);
const rolesAt = async (directory: string) =>
  (await done<ListedKeys>(atOrigin('keys', 'list', '--key-dir', directory))).roles;

/** Carries a request to the other machine, signs it there, and carries it back. */
async function signElsewhere(request: string): Promise<void> {
  const carried = `${machine}/request.json`;
  cpSync(request, carried);
  await done(['keys', 'sign', '--key-dir', machine, carried]);
  cpSync(carried, request);
}

before(async () => {
  const { rootSha256 } = await done<{ rootSha256: string }>(atOrigin('init'));
  await publish('os-1');
  mkdirSync(machine);
  renameSync(`${onlineKeys}/offline`, `${machine}/offline`);
  const words = ['--source', repository, '--trust', rootSha256];
  await done(['device', 'init', '--root', device, ...words]);
  await update();
});

after(() => scratch.remove());

describe('publishing without the offline keys', () => {
  let request = '';

  test('the keys are listed where they are', async () => {
    for (const [directory, custody] of [
      [onlineKeys, 'online'],
      [machine, 'offline'],
    ] as const) {
      const roles = await rolesAt(directory);
      assert.equal(roles.length, 8);
      for (const { role, custody: own, keys } of roles)
        assert.deepEqual(
          keys.map(({ isHere }) => isHere),
          [own === custody],
          `${role} in ${directory}`,
        );
    }
  });

  test('leaves a signing request, and devices see nothing yet', async () => {
    const { report, stderr } = await doneWith<Waiting>(atOrigin('publish', '--name', 'os-2', tree('os-2')));
    request = report.toSign ?? '';
    assert.ok(existsSync(request), stderr);
    assert.equal((await update()).plan, 'none');
    assert.equal((await refused(atOrigin('show', 'os-2'))).code, 'build-not-found');
  });

  test('cannot be handed in unsigned', async () => {
    const refusal = await refused(atOrigin('keys', 'submit', request));
    assert.deepEqual([refusal.exitCode, refusal.code], [4, 'request-unsigned']);
  });

  test('the machine with the keys says what it is about to sign', async () => {
    const carried = `${machine}/look.json`;
    cpSync(request, carried);
    const { code, stdout } = await satchel(['keys', 'sign', '--key-dir', machine, carried]);
    assert.equal(code, 0);
    assert.match(stdout, /builds/);
    assert.match(stdout, /os-2/);
  });

  test('keys that are not asked for sign nothing', async () => {
    const stranger = scratch.file('stranger');
    await done(['init', '--repo', scratch.file('strange'), '--key-dir', stranger]);
    const before = readFileSync(request);
    const refusal = await refused(['keys', 'sign', '--key-dir', stranger, request]);
    assert.deepEqual([refusal.exitCode, refusal.code], [4, 'request-not-ours']);
    assert.ok(readFileSync(request).equals(before));
  });

  test('once it is signed there and handed in here, devices update', async () => {
    await signElsewhere(request);
    assert.equal((await done(atOrigin('keys', 'submit', request))).outcome, 'published');
    assert.equal((await update()).build, 'os-2');
    assertSameTree(pristine(device, 'os-2'), tree('os-2'));
  });

  test('a request is good for once', async () => {
    const refusal = await refused(atOrigin('keys', 'submit', request));
    assert.deepEqual([refusal.exitCode, refusal.code], [4, 'request-outdated']);
  });

  test('a file that is no request is called so', async () => {
    const file = scratch.file('no-request.json');
    writeFileSync(file, '{"satchel":"something"}');
    for (const words of [atOrigin('keys', 'submit', file), ['keys', 'sign', '--key-dir', machine, file]])
      assert.deepEqual((await refused(words)).code, 'request-invalid');
  });

  test('a stream may be moved to a build that is there without any offline key', async () => {
    const words = atOrigin('publish', '--name', 'os-2', '--stream', 'testing', tree('os-2'));
    assert.equal((await done<Waiting>(words)).toSign, undefined);
    const check = await done<UpdateResult>(['check', '--root', device, '--stream', 'testing']);
    assert.equal(check.build, 'os-2');
  });

  test('removing and renaming wait for the offline key too', async () => {
    for (const words of [
      ['rename', 'os-1', 'os-first'],
      ['remove', 'os-first'],
    ]) {
      const { toSign = '' } = await done<Waiting>(atOrigin(...words));
      await signElsewhere(toSign);
      await done(atOrigin('keys', 'submit', toSign));
    }
    const { builds } = await done<{ builds: { name: string }[] }>(atOrigin('list'));
    assert.deepEqual(
      builds.map(({ name }) => name),
      ['os-2'],
    );
  });
});

describe('keys that change', () => {
  test('secrets are for their owner alone', () => {
    for (const directory of [onlineKeys, machine]) {
      const found = readdirSync(directory, { recursive: true, withFileTypes: true });
      const modes = found
        .filter((entry) => /^(online|offline)/.test(relative(directory, join(entry.parentPath, entry.name))))
        .map((entry) => statSync(join(entry.parentPath, entry.name)).mode & 0o077);
      assert.ok(modes.length >= 6);
      assert.deepEqual(new Set(modes), new Set([0]));
    }
  });

  for (const role of ['timestamp', 'snapshot', 'streams', 'deltas'])
    test(`the online role ${role} gets a new key over a request, and devices follow`, async () => {
      const { made, toSign = '' } = await done<Rotated>(atOrigin('keys', 'rotate', role));
      assert.equal(made.length, 1);
      const { stdout } = await satchel(['keys', 'sign', '--key-dir', machine, toSign]);
      assert.match(stdout, new RegExp(`keys of ${role}: 1 must sign; new: ${made[0]}`));
      await signElsewhere(toSign);
      await done(atOrigin('keys', 'submit', toSign));
      assert.equal((await update()).plan, 'none');
    });

  for (const role of ['builds', 'targets', 'root'])
    test(`the offline role ${role} gets a new key where the offline keys are, and devices follow`, async () => {
      // For a key change both kinds of keys are brought together: on the machine with the offline keys.
      cpSync(`${onlineKeys}/online`, `${machine}/online`, { recursive: true });
      const words = atOrigin('keys', 'rotate', role, '--key-dir', machine);
      const { made, toSign } = await done<Rotated>(words);
      assert.deepEqual([made.length, toSign], [1, undefined]);
      const listed = (await rolesAt(machine)).find((one) => one.role === role);
      assert.deepEqual(listed?.keys, [{ keyId: made[0], isHere: true }]);
      assert.equal(listed?.unused.length, 1, 'the old key is here still, and signs nothing');
      assert.equal((await update()).plan, 'none');
    });

  test('a build that the new keys sign is installed, by old devices and by new ones', async () => {
    const { toSign = '' } = await publish('os-3');
    await signElsewhere(toSign);
    await done(atOrigin('keys', 'submit', toSign));
    assert.equal((await update()).build, 'os-3');
    const fresh = scratch.file('fresh');
    await done(['device', 'init', '--root', fresh, '--source', repository, '--trust-on-first-use']);
    assert.equal((await done<UpdateResult>(['update', '--root', fresh])).build, 'os-3');
    assert.deepEqual((await done<{ damaged: unknown[] }>(atOrigin('fsck'))).damaged, []);
  });

  test('a key that has been replaced signs nothing any more', async () => {
    const retired = scratch.file('retired');
    const [old = ''] = (await rolesAt(machine)).find(({ role }) => role === 'builds')?.unused ?? [];
    mkdirSync(`${retired}/offline/builds`, { recursive: true });
    cpSync(`${machine}/offline/builds/${old}.json`, `${retired}/offline/builds/${old}.json`);
    const { toSign = '' } = await publish('os-4');
    const refusal = await refused(['keys', 'sign', '--key-dir', retired, toSign]);
    assert.equal(refusal.code, 'request-not-ours');
  });
});
