import { buildName, type Sha256, streamName } from '../base/identifiers.ts';
import type { BuildRecord, StreamRecord, StreamRules } from '../repository/records.ts';
import type { Rollout } from '../repository/rollout-record.ts';

const hash = 'ab'.repeat(32) as Sha256;
const file = { stored: hash, length: 10, sha256: hash, size: 20 };

/** The record of a build that nobody has made. */
export function someBuild(name: string, given: Partial<BuildRecord> = {}): BuildRecord {
  return {
    satchel: 'build',
    format: 1,
    name: buildName(name),
    index: file,
    contents: { sha256: hash, length: 5, type: 'opaque', hash },
    tree: { entries: 3, files: 1, bytes: 100 },
    published: '2026-01-31T12:00:00Z',
    sequence: 10,
    waypoint: false,
    minimumClient: '',
    notes: '',
    ...given,
  };
}

/** A stream that stands for the build `new` with the sequence 10, by these rules. */
export function someStream(rules: StreamRules = {}, head: Partial<BuildRecord> = {}): StreamRecord {
  const build = someBuild('new', head);
  const { halted, rollout, waypoints, back } = rules;
  return {
    ...{
      satchel: 'stream',
      format: 1,
      stream: streamName('stable'),
      previous: [buildName('old')],
      keepDeltas: 3,
    },
    ...(halted === undefined ? {} : { halted }),
    ...(rollout === undefined ? {} : { rollout }),
    ...(waypoints === undefined ? {} : { waypoints }),
    ...(back === undefined ? {} : { back }),
    build,
    deltas: {
      satchel: 'deltas',
      format: 1,
      build: build.name,
      map: file,
      everything: 1,
      costs: [],
      deltas: [],
    },
  };
}

/** When {@link someRollout} begins. */
export const began = Date.parse('2026-03-01T00:00:00Z');

export const hour = 3_600_000;

/** 1 % at once, 10 % after a day, 50 % after two, everybody after four. */
export function someRollout(given: Partial<Rollout> = {}): Rollout {
  return {
    salt: '0123456789abcdef',
    began: '2026-03-01T00:00:00Z',
    steps: [
      { share: 100, after: 0 },
      { share: 1000, after: 86_400 },
      { share: 5000, after: 172_800 },
      { share: 10_000, after: 345_600 },
    ],
    ...given,
  };
}
