import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Sha256 } from '../base/identifiers.ts';
import type { BundleId } from '../repository/bundle-record.ts';
import type { BundleVersion } from '../repository/bundle-version.ts';
import { type HomeLayout, homeLayout, prepareHome } from './home.ts';
import { type HomeState, type PendingVersion, readHomeState, writeHomeState } from './home-state.ts';
import { type NextVersion, putInPlace, settleHome } from './put-in-place.ts';

const clock = () => 0;
const names = ['One', 'Two'] as const;
const indexOf = (version: string) => version.repeat(64) as Sha256;

function emptyHome(context: TestContext): HomeLayout {
  const home = mkdtempSync(join(tmpdir(), 'satchel-put-in-place-'));
  context.after(() => rmSync(home, { recursive: true }));
  const layout = homeLayout(home);
  prepareHome(layout);
  return layout;
}

/** A version whose tree has been staged. */
function staged(layout: HomeLayout, name: string, version: string): NextVersion {
  const tree = join(layout.place.stage, `${name}-${version}`);
  mkdirSync(tree);
  writeFileSync(join(tree, 'version'), version);
  return { ...whatIs(name, version), tree, pinned: false };
}

function whatIs(name: string, version: string) {
  const id = name as BundleId;
  const kind = 'activity' as const;
  return { id, kind, version: version as BundleVersion, folder: `${name}.activity`, index: indexOf(version) };
}

function put(layout: HomeLayout, state: HomeState, version: string): HomeState {
  return putInPlace(
    layout,
    state,
    names.map((name) => staged(layout, name, version)),
    clock,
  );
}

const versionIn = (folder: string) =>
  existsSync(folder) ? readFileSync(join(folder, 'version'), 'utf8') : undefined;

/** The version in the place, the one that is kept, and what is remembered of both. */
function describe(layout: HomeLayout, name: string) {
  const known = readHomeState(layout).bundles.get(name as BundleId);
  return [
    versionIn(join(layout.folders.activity, `${name}.activity`)),
    versionIn(join(layout.previous, name)),
    known?.version,
    known?.previous?.version,
  ];
}

const nobody: HomeState = { bundles: new Map() };

test('versions of several bundles come to their places together, and those before are kept', (context) => {
  const layout = emptyHome(context);
  const first = put(layout, nobody, '1');
  for (const name of names) assert.deepEqual(describe(layout, name), ['1', undefined, '1', undefined]);
  put(layout, put(layout, first, '2'), '3');
  for (const name of names) assert.deepEqual(describe(layout, name), ['3', '2', '3', '2']);
  assert.equal(readHomeState(layout).pending, undefined);
});

/** Both are waiting when the power is cut, and one has come to its place already. */
function halfDone(layout: HomeLayout): readonly PendingVersion[] {
  put(layout, nobody, '1');
  return names.map((name) => {
    const { tree, pinned: _pinned, ...next } = staged(layout, name, '2');
    const inode = statSync(tree, { bigint: true }).ino.toString();
    const place = join(layout.folders.activity, next.folder);
    const waiting = join(layout.previous, `.next-${name}`);
    if (name === 'One') {
      renameSync(place, waiting);
      renameSync(tree, place);
    } else renameSync(tree, waiting);
    return { ...next, inode };
  });
}

test('after a power cut each is brought to its end or taken back by itself', (context) => {
  const layout = emptyHome(context);
  const pending = halfDone(layout);
  writeHomeState(layout, { ...readHomeState(layout), pending });
  // Settling may be interrupted too.
  for (const _time of [1, 2]) {
    settleHome(layout, { ...readHomeState(layout), pending }, clock);
    assert.deepEqual(describe(layout, 'Two'), ['1', undefined, '1', undefined]);
    assert.deepEqual(describe(layout, 'One').slice(0, 3), ['2', '1', '2']);
    assert.equal(existsSync(join(layout.previous, '.next-Two')), false);
  }
});

test('a state that was written when only one was put in its place at a time is read', (context) => {
  const layout = emptyHome(context);
  const [pending] = halfDone(layout);
  const written = JSON.parse(readFileSync(layout.state, 'utf8')) as object;
  writeFileSync(layout.state, JSON.stringify({ ...written, pending }));
  settleHome(layout, readHomeState(layout), clock);
  assert.deepEqual(describe(layout, 'One'), ['2', '1', '2', '1']);
});

test('a bundle that moves leaves its place to another of the same run', (context) => {
  const layout = emptyHome(context);
  const before = put(layout, nobody, '1');
  const [one, two] = [staged(layout, 'One', '2'), staged(layout, 'Two', '2')];
  const moved = { ...one, folder: 'New.activity' };
  putInPlace(layout, before, [{ ...two, folder: 'One.activity' }, moved], clock);
  assert.equal(versionIn(join(layout.folders.activity, 'One.activity')), '2');
  assert.equal(versionIn(join(layout.folders.activity, 'New.activity')), '2');
});
