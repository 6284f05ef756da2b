import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SatchelError } from '../base/errors.ts';
import { buildName, type Sha256, streamName } from '../base/identifiers.ts';
import {
  type BuildRecord,
  type DeltasRecord,
  parseBuildRecord,
  parseStreamRecord,
  recordBytes,
} from './records.ts';

const hash = 'ab'.repeat(32) as Sha256;
const file = { stored: hash, length: 10, sha256: hash, size: 20 };
const build: BuildRecord = {
  satchel: 'build',
  format: 1,
  name: buildName('py802-1'),
  index: file,
  contents: { sha256: hash, length: 5, type: 'opaque', hash },
  tree: { entries: 3, files: 1, bytes: 100 },
  published: '2026-01-31T12:00:00Z',
  sequence: 4,
  waypoint: false,
  minimumClient: '',
  notes: 'señales',
};
const deltas: DeltasRecord = {
  satchel: 'deltas',
  format: 1,
  build: build.name,
  map: file,
  everything: 100,
  costs: [{ from: buildName('py801'), bytes: 5, requests: 3 }],
};

test('a build record reads back as it was written', () => {
  assert.deepEqual(parseBuildRecord(recordBytes(build), 'x'), build);
});

test('a build record embedded in a stream still has the bytes that were signed', () => {
  const bytes = recordBytes({ satchel: 'stream', format: 1, stream: streamName('stable'), build, deltas });
  const { record, buildBytes } = parseStreamRecord(bytes, 'stable');
  assert.deepEqual(Buffer.from(buildBytes), Buffer.from(recordBytes(build)));
  assert.deepEqual(record.deltas, deltas);
});

test('a record of a newer format is refused by name', () => {
  const newer = Buffer.from(JSON.stringify({ ...build, format: 2 }));
  assert.throws(
    () => parseBuildRecord(newer, 'builds/x.json'),
    (error) => error instanceof SatchelError && error.code === 'record-newer',
  );
});

for (const [field, value] of [
  ['name', '../x'],
  ['published', 'yesterday'],
  ['tree', { entries: -1, files: 1, bytes: 1 }],
  ['index', { ...file, length: 1.5 }],
  ['waypoint', 'yes'],
] as const) {
  test(`a build record with a wrong ${field} is refused with a sentence`, () => {
    const bytes = Buffer.from(JSON.stringify({ ...build, [field]: value }));
    assert.throws(() => parseBuildRecord(bytes, 'x'), SatchelError);
  });
}
