import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SatchelError } from '../base/errors.ts';
import { buildName, type Sha256, streamName } from '../base/identifiers.ts';
import {
  type BuildRecord,
  type DeltasRecord,
  parseBuildRecord,
  parseDeltasRecord,
  parseStreamRecord,
  recordBytes,
  type StreamRecord,
  withRules,
} from './records.ts';
import { waypointsAfter } from './rollout-record.ts';

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
  deltas: [
    {
      from: buildName('py801'),
      fromIndex: hash,
      stored: hash,
      length: 900,
      head: { length: 200, sha256: hash },
      memory: 1000,
      output: 4000,
      why: 'stream',
    },
  ],
};
const stream: StreamRecord = {
  satchel: 'stream',
  format: 1,
  stream: streamName('stable'),
  previous: [buildName('py801'), buildName('py800')],
  keepDeltas: 3,
  build,
  deltas,
};

test('a build record reads back as it was written', () => {
  assert.deepEqual(parseBuildRecord(recordBytes(build), 'x'), build);
});

test('a build record embedded in a stream still has the bytes that were signed', () => {
  const { record, buildBytes } = parseStreamRecord(recordBytes(stream), 'stable');
  assert.deepEqual(Buffer.from(buildBytes), Buffer.from(recordBytes(build)));
  assert.deepEqual(record, stream);
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

for (const [field, value] of [
  ['from', ''],
  ['fromIndex', 'x'],
  ['head', { length: 901, sha256: hash }],
  ['memory', -1],
  ['why', 1],
] as const) {
  test(`a delta with a wrong ${field} is refused with a sentence`, () => {
    const wrong = { ...deltas, deltas: [{ ...deltas.deltas[0], [field]: value }] };
    assert.throws(() => parseDeltasRecord(Buffer.from(JSON.stringify(wrong)), 'x'), SatchelError);
  });
}

for (const [field, value] of [
  ['previous', ['../x']],
  ['previous', Array(17).fill('py801')],
  ['previous', 'py801'],
  ['keepDeltas', 17],
] as const) {
  test(`a stream with ${JSON.stringify(value).slice(0, 20)} as ${field} is refused with a sentence`, () => {
    const wrong = Buffer.from(JSON.stringify({ ...stream, [field]: value }));
    assert.throws(() => parseStreamRecord(wrong, 'x'), SatchelError);
  });
}

const rollout = {
  salt: '0123456789abcdef',
  began: '2026-03-01T00:00:00Z',
  steps: [
    { share: 100, after: 0 },
    { share: 10_000, after: 3600 },
  ],
};

test('the rules of a stream are read back in their order', () => {
  const ruled = withRules(stream, {
    back: { reason: 'sound', since: rollout.began },
    waypoints: [{ build: buildName('w'), sequence: 2, minimumClient: '' }],
    rollout: { ...rollout, early: { serials: ['SHC*'] }, quiet: [] },
    halted: { reason: '', since: rollout.began },
  });
  assert.deepEqual(parseStreamRecord(recordBytes(ruled), 'x').record, ruled);
  const order = ['previous', 'keepDeltas', 'halted', 'rollout', 'waypoints', 'back', 'build', 'deltas'];
  assert.deepEqual(Object.keys(ruled).slice(3), order);
  assert.deepEqual(
    withRules(ruled, { halted: undefined, rollout: undefined, waypoints: [], back: undefined }),
    stream,
  );
  assert.equal(withRules(ruled, { halted: undefined }).rollout?.salt, rollout.salt);
});

for (const [field, value] of [
  ['salt', 'x'],
  ['steps', [{ share: 10_001, after: 0 }]],
  [
    'steps',
    [
      { share: 5, after: 1 },
      { share: 4, after: 2 },
    ],
  ],
  [
    'steps',
    [
      { share: 5, after: 1 },
      { share: 6, after: 1 },
    ],
  ],
  ['steps', Array.from({ length: 17 }, (_, after) => ({ share: 1, after }))],
  ['early', { serials: [''] }],
  ['early', { serials: ['line\nfeed'] }],
  ['early', { models: [' XO'] }],
  ['only', { builds: ['../x'] }],
  ['only', { devices: 'AAAAAQ' }],
  ['reserved', { devices: 'AAAAAgAAAAE=', until: 1 }],
  ['quiet', [{ from: rollout.began, to: rollout.began, reason: '' }]],
  ['paused', { reason: 'x'.repeat(501), since: rollout.began }],
  ['notBefore', 'tomorrow'],
] as const) {
  test(`a rollout with ${JSON.stringify(value).slice(0, 40)} as ${field} is refused with a sentence`, () => {
    const wrong = Buffer.from(JSON.stringify({ ...stream, rollout: { ...rollout, [field]: value } }));
    assert.throws(() => parseStreamRecord(wrong, 'x'), SatchelError);
  });
}

test('a list of waypoints is newest first and no longer than 16', () => {
  const waypoint = (sequence: number) => ({ build: `w${sequence}`, sequence, minimumClient: '' });
  for (const waypoints of [
    [waypoint(1), waypoint(2)],
    [waypoint(2), waypoint(2)],
    Array.from({ length: 17 }, (_, place) => waypoint(100 - place)),
  ])
    assert.throws(() => parseStreamRecord(Buffer.from(JSON.stringify({ ...stream, waypoints })), 'x'), {
      code: 'record-invalid',
    });
});

test('the waypoints after a head are those before it, and the head if it was one', () => {
  const held = { build: { ...build, sequence: 9, waypoint: true }, waypoints: [] };
  const first = waypointsAfter(held);
  assert.deepEqual(first, [{ build: build.name, sequence: 9, minimumClient: '' }]);
  assert.deepEqual(waypointsAfter({ build: { ...build, sequence: 10 }, waypoints: first }), first);
});
