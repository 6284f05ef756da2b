/** The boot pointer of every kind of device, ended at every call that a step of it makes to the system. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildName } from '../../src/base/identifiers.ts';
import type { BootKind } from '../../src/device/boot-pointer.ts';
import { writeBootSettings } from '../../src/device/boot-settings.ts';
import { bootableVersion } from '../../src/device/device.fixture.ts';
import { initialiseDevice } from '../../src/device/layout.ts';
import { openBootPointer } from '../../src/device/open-boot-pointer.ts';
import { discard } from '../../src/os/discard.testkit.ts';
import type { LoggedCall } from '../doubles/crash-order.ts';
import { crashesAt, forEach, pointsOf, recordCalls, runOrdered, sampleOf } from '../doubles/crash-run.ts';
import { type Startable, startableByEntries, startableByLinks } from '../doubles/loader-view.ts';
import { scratchFolder } from '../doubles/scratch.ts';

const scratch = scratchFolder('crash-boot');
after(() => scratch.remove());

const program = fileURLToPath(new URL('../doubles/boot-switch-program.ts', import.meta.url));
const [b1, b2] = [buildName('b1'), buildName('b2')];

/** A device of a kind with the trees b1, b2 and b3, that boots b2 and can go back to b1. */
function device(kind: BootKind, name: string): string {
  const layout = initialiseDevice(scratch.file(name));
  for (const build of ['b1', 'b2', 'b3']) bootableVersion(layout, build);
  mkdirSync(join(layout.bootPartition, kind === 'bls' ? 'EFI/BOOT' : 'boot-versions'), { recursive: true });
  writeBootSettings(layout, { kind, options: 'root=LABEL=Root' });
  openBootPointer(layout).switchTo(b1);
  openBootPointer(layout).switchTo(b2, b1, { tries: 3 });
  return layout.root;
}

const startable = (root: string, kind: BootKind) =>
  kind === 'bls' ? startableByEntries(root) : startableByLinks(root, kind);

/** Kernel, initramfs and version belong together, whatever is chosen; the first starts by itself. */
function assertStartable(found: readonly Startable[], first: readonly string[]): void {
  for (const { build, kernel, initramfs } of found) {
    assert.equal(kernel, `kernel of ${build}`);
    assert.equal(initramfs, `initramfs of ${build}`);
  }
  assert.ok(found[0] !== undefined && first.includes(found[0].build), `${found[0]?.build} starts`);
}

type Step = {
  readonly name: string;
  readonly words: readonly string[];
  readonly kinds: readonly BootKind[];
  /** What may start by itself when the step was ended, and what does when it was not. */
  readonly first: readonly string[];
  readonly after: string;
  /** Builds that can be started after it, in order. */
  readonly startable: readonly string[];
  readonly prepare?: (root: string) => void;
};

const every: readonly BootKind[] = ['olpc', 'olpc-partitioned', 'bls'];

const steps: readonly Step[] = [
  {
    name: 'a switch to a new version',
    words: ['switch', 'b3', 'b2', '3'],
    kinds: every,
    first: ['b2', 'b3'],
    after: 'b3',
    startable: ['b3', 'b2'],
  },
  {
    name: 'a switch back',
    words: ['switch', 'b1', 'b2'],
    kinds: every,
    first: ['b2', 'b1'],
    after: 'b1',
    startable: ['b1', 'b2'],
  },
  {
    name: 'a switch without a way back',
    words: ['switch', 'b2', '-'],
    kinds: every,
    first: ['b2'],
    after: 'b2',
    startable: ['b2'],
  },
  {
    name: 'a switch that has to replace a damaged copy of what boots',
    words: ['switch', 'b2', 'b1'],
    kinds: ['olpc-partitioned'],
    first: ['b2'],
    after: 'b2',
    startable: ['b2', 'b1'],
    prepare: (root) => {
      writeFileSync(join(root, 'bootpart/boot-versions/b2/more'), 'not of the version');
    },
  },
  {
    name: 'forgetting the version before',
    words: ['forget', 'b2'],
    kinds: ['olpc-partitioned', 'bls'],
    first: ['b2'],
    after: 'b2',
    startable: ['b2'],
  },
  {
    name: 'marking a version good after its first boot',
    words: ['good', 'b2'],
    kinds: ['bls'],
    first: ['b2'],
    after: 'b2',
    startable: ['b2', 'b1'],
    prepare(root) {
      const folder = join(root, 'bootpart/loader/entries');
      renameSync(join(folder, 'satchel-2-b2+3.conf'), join(folder, 'satchel-2-b2+2-1.conf'));
    },
  },
];

for (const kind of every)
  describe(`on a device with ${kind}`, () => {
    const template = device(kind, `${kind}-template`);
    for (const step of steps.filter(({ kinds }) => kinds.includes(kind)))
      test(`${step.name}, ended at any call, leaves a version that starts, and can be done again`, async (context) => {
        const copy = (name: string) => {
          const root = scratch.file(`${kind}-${step.words.join('-')}-${name}`);
          cpSync(template, root, { recursive: true, verbatimSymlinks: true });
          step.prepare?.(root);
          return root;
        };
        const recorded = copy('recorded');
        const calls = await recordCalls([recorded, ...step.words], recorded, program);
        assertEnd(kind, step, recorded);
        assertSynced(kind, calls);
        const crashes = crashesAt(pointsOf(calls));
        const chosen = sampleOf(crashes, { usual: 8 });
        await forEach(chosen, async (crash, number) => {
          const root = copy(String(number));
          const end = await runOrdered([root, ...step.words], { root, at: crash }, program);
          const at = JSON.stringify(crash);
          assert.equal(end.signal, 'SIGKILL', `${at} was not reached: ${end.code} ${end.said}`);
          try {
            assertStartable(startable(root, kind), step.first);
            const again = await runOrdered([root, ...step.words], { root }, program);
            assert.equal(again.code, 0, again.said);
            assertEnd(kind, step, root);
          } catch (error) {
            throw new Error(`ended at ${at}`, { cause: error });
          }
          discard(root);
        });
        context.diagnostic(`${kind}: ended at ${chosen.length} of ${crashes.length} moments`);
      });
  });

function assertEnd(kind: BootKind, step: Step, root: string): void {
  const found = startable(root, kind);
  assertStartable(found, [step.after]);
  assert.deepEqual(
    found.map(({ build }) => build),
    step.startable,
  );
  if (kind === 'olpc') return;
  const left = readdirSync(join(root, 'bootpart'), { recursive: true, encoding: 'utf8' });
  assert.deepEqual(
    left.filter((name) => /(^|\/)(\.tmp\.|tmp\.)/.test(name)),
    [],
  );
  const folders = kind === 'bls' ? 'EFI/satchel' : 'boot-versions';
  const copies = readdirSync(join(root, 'bootpart', folders));
  if (kind === 'bls') assert.equal(copies.length, new Set(step.startable).size);
}

/**
 * A power cut loses what was not synced, in any order: what the pointer leads to is on the disk before the pointer
 * moves, and the pointer before anything that it led to goes.
 */
function assertSynced(kind: BootKind, calls: readonly LoggedCall[]): void {
  const ended = calls.filter(({ moment }) => moment === 'end');
  const isMove = ({ call, paths: [from = '', to = ''] }: LoggedCall) =>
    kind === 'bls'
      ? call === 'open' && /\/loader\/entries\/satchel-[^/]*$/.test(from)
      : call === 'rename' && /\/(versions|bootpart)\/boot$/.test(to);
  const isSync = ({ call }: LoggedCall) => call === 'syncfs';
  for (const [number, call] of ended.entries()) {
    if (!isMove(call)) continue;
    const before = ended.slice(0, number);
    const unsynced = before
      .slice(before.findLastIndex(isSync) + 1)
      .filter(
        ({ call: name, paths: [path = ''] }) =>
          /^(open|write|mkdir|symlink|rename|renameat2)$/.test(name) &&
          !/\/(\.tmp\.[0-9a-f]+\.boot|loader\/.*)$/.test(path),
      );
    assert.deepEqual(
      unsynced.map(({ label }) => label),
      [],
      `not synced before ${call.label}`,
    );
    const later = ended.slice(number + 1);
    const gone = later.findIndex(({ call: name }) => /^(unlink|rm|rmdir)$/.test(name));
    if (gone !== -1) assert.ok(later.slice(0, gone).some(isSync), `not synced after ${call.label}`);
  }
}
