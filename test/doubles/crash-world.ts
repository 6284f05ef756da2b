/** A repository and a device for crash tests, made once and copied for every point. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  accessSync,
  constants,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { byteStringFromText } from '../../src/base/byte-string.ts';
import { type BuildName, buildName } from '../../src/base/identifiers.ts';
import { readInstalled, readInstalledIndex } from '../../src/device/installed.ts';
import { type DeviceLayout, deviceLayout, ledgerFile, pristineTree } from '../../src/device/layout.ts';
import { ledgerOfTree, writeLedger } from '../../src/device/ledger.ts';
import { openBootPointer } from '../../src/device/open-boot-pointer.ts';
import { type DescribedTree, describeTree } from '../../src/formats/gnu-tar.testkit.ts';
import { discard } from '../../src/os/discard.testkit.ts';
import { getXattr, setXattr } from '../../src/os/system-calls.ts';
import { must } from './command.ts';
import type { CrashAction, CrashPoint, LoggedCall } from './crash-order.ts';
import { crashesAt, forEach, pointsOf, recordCalls, runOrdered, sampleOf } from './crash-run.ts';
import { writeTinyBuilds } from './tiny-builds.ts';

/** What every crash test starts from. */
export type World = {
  /** Everything lies below; removed by `remove`. */
  readonly folder: string;
  readonly archives: { readonly b1: string; readonly b2: string };
  /** A repository with b1; its keys are beside it. */
  readonly first: string;
  /** The same with b2 as well. */
  readonly second: string;
  /** A device that runs b1 and follows `second`. */
  readonly device: string;
  /** The right trees. */
  readonly trees: Readonly<Record<string, DescribedTree>>;
  remove(): void;
};

/** Makes the world with the program itself, without any fault. */
export async function makeWorld(builds: { readonly withKernels?: boolean } = {}): Promise<World> {
  const folder = mkdtempSync(join(scratchPlace(), 'satchel-crash-'));
  const archives = writeTinyBuilds(folder, builds);
  const [first, second, device] = ['first', 'second', 'device'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await must('init', '--repo', first);
  await must('publish', '--repo', first, archives.b1);
  copyRepository(first, second);
  await must('publish', '--repo', second, archives.b2);
  await must(...deviceInit(device, first));
  await must('update', '--root', device);
  const updated = join(folder, 'updated');
  copyDevice(device, updated);
  await must('update', '--root', updated, '--source', `file://${second}`);
  const treeOf = (name: string) => describeTree(pristineTree(deviceLayout(updated), buildName(name)));
  const trees = { b1: treeOf('b1'), b2: treeOf('b2') };
  discard(updated);
  await must(...deviceInit(device, second));
  return { folder, archives, first, second, device, trees, remove: () => discard(folder) };
}

/** Words that make a device, or make it follow another repository. */
export function deviceInit(root: string, repository: string): string[] {
  return ['device', 'init', '--root', root, '--source', `file://${repository}`, '--trust-on-first-use'];
}

/** Memory, where syncing takes no time, if trees can lie there with their attributes. */
function scratchPlace(): string {
  const memory = '/dev/shm';
  try {
    accessSync(memory, constants.W_OK);
    const probe = mkdtempSync(join(memory, 'satchel-probe-'));
    try {
      setXattr(probe, byteStringFromText('user.probe'), byteStringFromText('1'));
      if (getXattr(probe, byteStringFromText('user.probe')) === '1') return memory;
    } finally {
      rmSync(probe, { recursive: true });
    }
  } catch {
    // Then on the disk.
  }
  return tmpdir();
}

/** Copies a repository and its keys. */
export function copyRepository(from: string, to: string): void {
  execFileSync('cp', ['-a', from, to]);
  execFileSync('cp', ['-a', `${from}.keys`, `${to}.keys`]);
}

/** Copies a device; the ledgers get the numbers of the new inodes, as if the versions were installed there. */
export function copyDevice(from: string, to: string): void {
  execFileSync('cp', ['-a', from, to]);
  const layout = deviceLayout(to);
  for (const name of readdirSync(layout.ledgers)) {
    const build = buildName(name);
    const record = readInstalled(layout, build);
    assert.ok(record, `${name} has a record`);
    const ledger = ledgerOfTree(pristineTree(layout, build), readInstalledIndex(layout, build), record.index);
    writeLedger(ledgerFile(layout, build), ledger);
  }
}

/** A command that is ended at all of its points, each time in a fresh copy of everything. */
export type Scenario = {
  readonly name: string;
  /** How many moments are tried, as {@link sampleOf} takes them. */
  readonly sample: { readonly usual: number; readonly complete?: number };
  /** Lays out what the command works on in an empty folder; gives the words of the command. */
  prepare(folder: string): readonly string[];
  /** Looks at what is left, then runs the command again and looks once more. Throws what is wrong. */
  check(folder: string, crash: CrashPoint & CrashAction): Promise<void>;
};

/** What trying a scenario gave. */
export type Tried = {
  readonly calls: readonly LoggedCall[];
  readonly points: number;
  readonly tried: number;
};

/** Ends the command at its points and checks what is left each time. Throws with the points that went wrong. */
export async function tryCrashes(world: World, scenario: Scenario): Promise<Tried> {
  const place = (name: string) => join(world.folder, `${scenario.name.replaceAll(' ', '-')}-${name}`);
  const recorded = place('recorded');
  mkdirSync(recorded);
  const calls = await recordCalls(scenario.prepare(recorded), recorded);
  discard(recorded);
  const crashes = crashesAt(pointsOf(calls));
  const chosen = sampleOf(crashes, scenario.sample);
  const failures: string[] = [];
  await forEach(chosen, async (crash, number) => {
    const folder = place(String(number));
    mkdirSync(folder);
    try {
      const end = await runOrdered(scenario.prepare(folder), { root: folder, at: crash });
      assert.equal(end.signal, 'SIGKILL', `the point was not reached: ${end.code} ${end.said}`);
      await scenario.check(folder, crash);
      discard(folder);
    } catch (error) {
      failures.push(`${JSON.stringify(crash)}: ${error instanceof Error ? error.stack : error}`);
      discard(folder);
    }
  });
  assert.equal(
    failures.length,
    0,
    `${failures.length} of ${chosen.length}:\n${failures.slice(0, 5).join('\n')}`,
  );
  return { calls, points: crashes.length, tried: chosen.length };
}

/** The line that says how much was tried. */
export function saidOf(scenario: Scenario, { points, tried }: Tried): string {
  return `${scenario.name}: ended at ${tried} of ${points} moments (before, in the middle of and after each call)`;
}

/** Everything about the inodes of a tree that another version must never change. */
export function inodesOf(tree: string): Record<string, unknown> {
  const inodes: Record<string, unknown> = {};
  for (const [path, described] of Object.entries(describeTree(tree))) {
    const place = Buffer.from(path === '' ? tree : `${tree}/${path}`, 'latin1');
    inodes[path] = { ...described, inode: lstatSync(place, { bigint: true }).ino };
  }
  return inodes;
}

/** Fails unless what boots next is one of these builds with exactly its tree, and so is the way back. */
export function assertBootable(world: World, layout: DeviceLayout, allowed: readonly string[]): BuildName {
  const { current, alternate } = openBootPointer(layout).read();
  assert.ok(current !== undefined && allowed.includes(current), `${current} boots next`);
  for (const name of [current, alternate])
    if (name !== undefined) {
      assert.deepEqual(describeTree(pristineTree(layout, name)), world.trees[name], `the tree of ${name}`);
      assert.ok(readInstalled(layout, name), `the record of ${name}`);
    }
  return current;
}

/** Fails unless devices that know the repository, and new ones, can use it; gives the build that they get. */
export async function assertReadable(world: World, repository: string, folder: string): Promise<string> {
  const source = `file://${repository}`;
  await must('fsck', '--repo', repository);
  const known = join(folder, 'known-device');
  execFileSync('cp', ['-a', world.device, known]);
  const answer = await must('check', '--root', known, '--source', source);
  discard(known);
  const fresh = join(folder, 'fresh-device');
  await must(...deviceInit(fresh, repository));
  const again = await must('check', '--root', fresh);
  assert.equal(again.build, answer.build);
  discard(fresh);
  return answer.build;
}

/** Names of temporary files below a folder, but for what is being deleted there anyway. */
export function temporariesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((child) => {
    if (/^(\.tmp|repair)\./.test(child.name)) return [child.name];
    if (!child.isDirectory() || child.name === 'trash') return [];
    return temporariesBelow(join(folder, child.name)).map((name) => join(child.name, name));
  });
}

/** Makes temporary files look as if the crash had been two days ago. */
export function ageTemporaries(folder: string): void {
  const time = Date.now() / 1000 - 2 * 24 * 60 * 60;
  for (const name of temporariesBelow(folder)) lutimesSync(join(folder, name), time, time);
}
