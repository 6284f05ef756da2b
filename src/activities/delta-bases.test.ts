/** From which versions of a bundle a new one gets deltas. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Sha256, streamName } from '../base/identifiers.ts';
import type { BundleId } from '../repository/bundle-record.ts';
import type { BundleVersion } from '../repository/bundle-version.ts';
import type { BundleRecord } from '../repository/group-record.ts';
import { deltaBases } from './delta-bases.ts';
import { emptyGroup } from './group-change.ts';

const streams = (names: string) => names.split(' ').filter(Boolean).map(streamName);

/** A version as far as the choice goes; its content is told by its number. */
function bundle(id: string, version: string, names = '', more: Partial<BundleRecord> = {}): BundleRecord {
  const sha256 = Buffer.from(`${id} ${version}`).toString('hex').padEnd(64, '0') as Sha256;
  const stored = { stored: sha256, length: 1, sha256, size: 1 };
  return {
    ...{ id: id as BundleId, version: version as BundleVersion, kind: 'activity', folder: id },
    ...{ index: stored, map: stored, everything: 1, tree: { entries: 1, files: 1, bytes: 1 } },
    ...{ published: '2026-01-31T12:00:00Z', optional: false, streams: streams(names), ...more },
  };
}

/** The newest comes first, as in every group. */
const group = (...bundles: BundleRecord[]) => ({ ...emptyGroup('default' as never), bundles });
const versions = (found: readonly BundleRecord[]) => found.map(({ version }) => version as string);

test('what each stream stood for until then, each version once', () => {
  const held = group(
    bundle('a', '3', 'testing'),
    bundle('a', '2', 'other stable'),
    bundle('b', '1', 'stable'),
  );
  const bases = (names: string) => versions(deltaBases(held, bundle('a', '4'), streams(names)));
  assert.deepEqual(bases('stable'), ['2']);
  assert.deepEqual(bases('stable other testing'), ['2', '3']);
});

test('where a stream stood for none, what everybody gets', () => {
  const held = group(bundle('a', '3'), bundle('a', '2', 'stable'));
  assert.deepEqual(versions(deltaBases(held, bundle('a', '4'), streams('testing'))), ['2']);
});

test('where no stream stood for any, the newest that is older', () => {
  const held = group(bundle('a', '5'), bundle('a', '3'), bundle('a', '2'));
  assert.deepEqual(versions(deltaBases(held, bundle('a', '4'), streams('testing'))), ['3']);
  assert.deepEqual(deltaBases(held, bundle('a', '1'), streams('testing')), []);
  assert.deepEqual(deltaBases(group(), bundle('a', '1'), streams('stable')), []);
});

test('neither the version itself nor one from which there is a delta already', () => {
  const from = bundle('a', '2', 'stable');
  const held = group(bundle('a', '3', 'testing'), from);
  assert.deepEqual(versions(deltaBases(held, bundle('a', '3'), streams('testing stable'))), ['2']);
  const { sha256 } = from.index;
  const delta = {
    ...{ from: from.version, fromIndex: sha256, stored: sha256, length: 1 },
    ...{ head: { length: 1, sha256 }, memory: 1, output: 1 },
  };
  const known = bundle('a', '3', 'testing', { deltas: [delta] });
  assert.deepEqual(deltaBases(held, known, streams('testing stable')), []);
});
