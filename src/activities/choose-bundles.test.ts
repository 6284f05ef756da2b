import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sha256, StreamName } from '../base/identifiers.ts';
import type { BundleId, BundleKind } from '../repository/bundle-record.ts';
import type { BundleVersion } from '../repository/bundle-version.ts';
import type { BundleRecord, GroupRecord } from '../repository/group-record.ts';
import { chooseBundles } from './choose-bundles.ts';
import type { InstalledBundle } from './home-state.ts';

const stable = 'stable' as StreamName;
const sha = (text: string) => text.padEnd(64, '0') as Sha256;

/** What of a record decides. */
const offered = (id: string, folder: string, version = '1', kind: BundleKind = 'content') =>
  ({
    id,
    kind,
    version,
    folder,
    streams: [stable],
    index: { sha256: sha(version) },
  }) as unknown as BundleRecord;

const group = (...bundles: BundleRecord[]) => ({ bundles }) as unknown as GroupRecord;

const installed = (id: string, folder: string): InstalledBundle => ({
  ...{ id: id as BundleId, kind: 'content', folder, index: sha('1') },
  ...{ version: '1' as BundleVersion, installedAt: '2026-01-01T00:00:00Z' },
});

/** What becomes of each bundle: its id, and what is done or why it stays. */
function choices(
  groups: readonly GroupRecord[],
  {
    here = [],
    named = [],
    elsewhere = [],
  }: { here?: InstalledBundle[]; named?: string[]; elsewhere?: BundleKind[] } = {},
) {
  const bundles = new Map(here.map((bundle) => [bundle.id, bundle]));
  const folders = new Set(here.filter(({ removed }) => !removed).map(({ folder }) => folder));
  const found = [...folders].map((folder) => ({
    ...{ kind: 'content' as const, folder, id: undefined, version: undefined },
  }));
  return chooseBundles({
    ...{ groups, found, state: { bundles }, stream: stable, elsewhere: new Set(elsewhere) },
    named: new Map(named.map((id) => [id as BundleId, undefined])),
  }).map((choice) => [choice.id, choice.action === 'stay' ? choice.because : 'install']);
}

test('of two that want one folder the first by its id gets it, in whatever order groups come', () => {
  const groups = [group(offered('b', 'Same')), group(offered('a', 'Same'))];
  const expected = [
    ['a', 'install'],
    ['b', 'folder-taken'],
  ];
  assert.deepEqual(choices(groups), expected);
  assert.deepEqual(choices(groups.toReversed()), expected);
});

test('one that somebody asked for comes first, and what is there comes before it', () => {
  const groups = [group(offered('a', 'Same'), offered('b', 'Same', '2'))];
  assert.deepEqual(choices(groups, { named: ['b'] }), [
    ['a', 'folder-taken'],
    ['b', 'install'],
  ]);
  assert.deepEqual(choices(groups, { named: ['a'], here: [installed('b', 'Same')] }), [
    ['a', 'folder-taken'],
    ['b', 'install'],
  ]);
});

test('the same folder name of another kind is another place', () => {
  const groups = [group(offered('a', 'Same'), offered('b', 'Same', '1', 'library'))];
  assert.deepEqual(choices(groups), [
    ['a', 'install'],
    ['b', 'install'],
  ]);
});

test('a version that would move to the folder of another stays where it is', () => {
  const here = [installed('a', 'One'), installed('b', 'Two')];
  assert.deepEqual(choices([group(offered('a', 'One'), offered('b', 'One', '2'))], { here }), [
    ['a', 'current'],
    ['b', 'folder-taken'],
  ]);
});

test('where an old state has two in one folder, only one of them is brought up to date', () => {
  const here = [installed('b', 'Same'), installed('a', 'Same')];
  assert.deepEqual(choices([group(offered('a', 'Same', '2'), offered('b', 'Same', '2'))], { here }), [
    ['a', 'install'],
    ['b', 'folder-taken'],
  ]);
});

test('a folder of one that was removed is free', () => {
  const here = [{ ...installed('a', 'Same'), removed: true as const }];
  assert.deepEqual(choices([group(offered('a', 'Same'), offered('b', 'Same'))], { here }), [
    ['a', 'removed'],
    ['b', 'install'],
  ]);
});

test('nothing is brought to another disk', () => {
  const groups = [group(offered('a', 'One'), offered('b', 'Two', '1', 'library'))];
  assert.deepEqual(choices(groups, { elsewhere: ['content'] }), [
    ['a', 'other-disk'],
    ['b', 'install'],
  ]);
});
