import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { buildName } from '../base/identifiers.ts';
import { deviceSetOf } from '../repository/device-set.ts';
import type { StreamRecord } from '../repository/records.ts';
import type { Rollout } from '../repository/rollout-record.ts';
import { began, hour, someRollout, someStream } from './decide.testkit.ts';
import { type AskingDevice, bucketOf, decide, shareAt } from './decide.ts';

const old = { build: buildName('old'), sequence: 5 };

function device(identity: string | undefined, given: Partial<AskingDevice> = {}): AskingDevice {
  return { identity, running: old, client: '1.2.3', ...given };
}

/** At so many hours after the rollout began, by the newest timestamp and by the clock. */
function at(hours: number, clock = hours) {
  return { issued: began + hours * hour, now: began + clock * hour };
}

/** Serial numbers whose place among 10000 is within these limits. */
function serialsBetween(from: number, to: number, count: number): string[] {
  const found: string[] = [];
  for (let number = 0; found.length < count; number += 1) {
    const bucket = bucketOf(someRollout().salt, `SHC${number}`);
    if (bucket >= from && bucket < to) found.push(`SHC${number}`);
  }
  return found;
}

const [first] = serialsBetween(0, 100, 1) as [string];
const [middle] = serialsBetween(1000, 5000, 1) as [string];
const [last] = serialsBetween(9000, 10_000, 1) as [string];

function because(record: StreamRecord, asking: AskingDevice, times = at(0)): string {
  const decision = decide(record, asking, times);
  return decision.decision === 'take' ? `${decision.build}: ${decision.because}` : decision.because;
}

describe('without a rollout', () => {
  test('everybody takes the head', () => {
    assert.deepEqual(decide(someStream(), device('A'), at(0)), {
      ...{ decision: 'take', build: 'new', because: 'everybody' },
    });
    assert.equal(because(someStream(), device(undefined)), 'new: everybody');
  });

  test('who runs it has nothing to do, halted or not', () => {
    const current = device('A', { running: { build: buildName('new') } });
    assert.equal(because(someStream(), current), 'current');
    const halted = { reason: 'r', since: '2026-03-01T00:00:00Z' };
    assert.equal(because(someStream({ halted }), current), 'current');
    assert.deepEqual(decide(someStream({ halted }), device('A'), at(0)), {
      ...{ decision: 'stay', because: 'halted', reason: 'r' },
    });
  });

  test('what is newer than the head stays, unless the stream was led back', () => {
    const newer = device('A', { running: { build: buildName('newest'), sequence: 11 } });
    assert.equal(because(someStream(), newer), 'newer');
    const back = { reason: '', since: '2026-03-01T00:00:00Z' };
    assert.equal(because(someStream({ back }), newer), 'new: back');
    assert.equal(because(someStream({ back, rollout: someRollout({ steps: [] }) }), newer), 'new: back');
    const halted = { reason: '', since: '2026-03-01T00:00:00Z' };
    assert.equal(because(someStream({ back, halted }), newer), 'halted');
  });
});

describe('a device with nothing installed', () => {
  const empty = device('A', { running: undefined });

  test('takes the head at once, whatever the rollout', () => {
    assert.equal(because(someStream({ rollout: someRollout({ steps: [] }) }), empty), 'new: everybody');
  });

  test('takes the newest build that its client understands', () => {
    const waypoints = [
      { build: buildName('w3'), sequence: 8, minimumClient: '2.0.0' },
      { build: buildName('w2'), sequence: 7, minimumClient: '1.0.0' },
      { build: buildName('w1'), sequence: 6, minimumClient: '' },
    ];
    const record = someStream({ waypoints }, { minimumClient: '3.0.0' });
    assert.equal(because(record, empty), 'w2: client');
    assert.equal(because(record, { ...empty, client: '3.0.0' }), 'new: everybody');
    assert.equal(because(someStream({}, { minimumClient: '3.0.0' }), empty), 'client-too-old');
  });
});

describe('waypoints', () => {
  const waypoints = [
    { build: buildName('w2'), sequence: 8, minimumClient: '' },
    { build: buildName('w1'), sequence: 6, minimumClient: '' },
  ];

  test('come first, the oldest before the others, and never what is behind', () => {
    const record = someStream({ waypoints });
    assert.equal(because(record, device('A')), 'w1: waypoint');
    const running = (build: string, sequence?: number) =>
      device('A', { running: { build: buildName(build), ...(sequence === undefined ? {} : { sequence }) } });
    assert.equal(because(record, running('w1', 6)), 'w2: waypoint');
    assert.equal(because(record, running('w2', 8)), 'new: everybody');
    assert.equal(because(record, running('between', 7)), 'w2: waypoint');
  });

  test('are known by name where the device does not know its place', () => {
    const record = someStream({ waypoints });
    assert.equal(because(record, device('A', { running: { build: buildName('w1') } })), 'w2: waypoint');
    assert.equal(because(record, device('A', { running: { build: buildName('from-usb') } })), 'w1: waypoint');
    const previous = ['w2', 'between', 'w1', 'old'].map(buildName);
    const between = device('A', { running: { build: buildName('between') } });
    assert.equal(because({ ...record, previous }, between), 'w2: waypoint');
  });

  test('lead an old client to the new one, and not further than it understands', () => {
    const record = someStream({ waypoints }, { minimumClient: '2.0.0' });
    assert.equal(because(record, device('A')), 'w1: client');
    const beforeHead = device('A', { running: { build: buildName('w2'), sequence: 8 } });
    assert.equal(because(record, beforeHead), 'client-too-old');
    assert.equal(because(record, { ...beforeHead, client: '2.0.0' }), 'new: everybody');
    const hard = [
      { ...waypoints[0]!, minimumClient: '1.5.0' },
      { ...waypoints[1]!, minimumClient: '1.5.0' },
    ];
    assert.equal(because(someStream({ waypoints: hard }), device('A')), 'client-too-old');
  });

  test('are subject to the rollout as the head is', () => {
    const record = someStream({ waypoints, rollout: someRollout() });
    assert.equal(because(record, device(last)), 'share');
    assert.equal(because(record, device(first)), 'w1: waypoint');
  });

  test('that are newer than a head that was led back do not count', () => {
    const record = someStream({ waypoints }, { sequence: 7 });
    assert.equal(
      because(record, device('A', { running: { build: buildName('w1'), sequence: 6 } })),
      'new: everybody',
    );
  });
});

describe('a rollout', () => {
  test('lets devices in by their place, and says when a turn comes', () => {
    const record = someStream({ rollout: someRollout() });
    assert.deepEqual(decide(record, device(first), at(0)), {
      ...{ decision: 'take', build: 'new', because: 'share', share: 100 },
      bucket: bucketOf(someRollout().salt, first),
    });
    const waits = decide(record, device(middle), at(30));
    assert.deepEqual(waits, {
      ...{ decision: 'stay', because: 'share', share: 1000, next: began + 48 * hour },
      bucket: bucketOf(someRollout().salt, middle),
    });
    assert.equal(because(record, device(middle), at(48)), 'new: share');
    assert.equal(because(record, device(last), at(96)), 'new: everybody');
    assert.equal(because(record, device(first), at(-1)), 'share');
  });

  test('goes by the newest timestamp and not by the clock', () => {
    const record = someStream({ rollout: someRollout() });
    assert.equal(because(record, device(last), at(0, 9000)), 'share');
    assert.equal(because(record, device(last), at(96, -300_000)), 'new: everybody');
  });

  test('lets who is not known in last', () => {
    const record = someStream({ rollout: someRollout() });
    assert.equal(because(record, device(undefined), at(95)), 'share');
    assert.equal(because(record, device(undefined), at(96)), 'new: everybody');
  });

  test('lets some in early: by serial, model, build or in a set', () => {
    const groups: [NonNullable<Rollout['early']>, Partial<AskingDevice>][] = [
      [{ serials: [last] }, {}],
      [{ serials: ['X', `${last.slice(0, 3)}*`] }, {}],
      [{ models: ['XO-1.?5'] }, { model: 'XO-1.75' }],
      [{ builds: [old.build] }, {}],
      [{ devices: deviceSetOf(someRollout().salt, [middle, last, first]) }, {}],
    ];
    for (const [early, given] of groups) {
      const record = someStream({ rollout: someRollout({ early }) });
      assert.equal(because(record, device(last, given)), 'new: early');
      assert.equal(because(record, device('Z', { running: { build: buildName('other') } })), 'share');
    }
  });

  test('leaves everybody else alone where it is only for some', () => {
    const record = someStream({ rollout: someRollout({ only: { serials: [first] } }) });
    assert.equal(because(record, device(first), at(96)), 'new: everybody');
    assert.equal(because(record, device(last), at(96)), 'not-included');
    assert.equal(because(someStream({ rollout: someRollout({ only: {} }) }), device(first)), 'not-included');
  });

  test('lets nobody in before its time, not even who comes first', () => {
    const rollout = someRollout({ notBefore: '2026-03-01T10:00:00Z', early: { serials: [first] } });
    const record = someStream({ rollout });
    assert.equal(because(record, device(first), at(9)), 'not-before');
    assert.equal(because(record, device(first), at(10)), 'new: early');
    const { next } = decide(record, device(middle), at(9)) as { next: number };
    assert.equal(next, began + 48 * hour);
  });

  test('is quiet when either time falls into quiet days, and says until when', () => {
    const quiet = [
      { from: '2026-03-03T00:00:00Z', to: '2026-03-04T00:00:00Z', reason: 'exams' },
      { from: '2026-03-04T00:00:00Z', to: '2026-03-05T00:00:00Z', reason: '' },
    ];
    const record = someStream({ rollout: someRollout({ quiet }) });
    for (const times of [at(50), at(47, 50), at(50, 0)]) {
      const decision = decide(record, device(first), times);
      assert.equal(decision.decision === 'stay' && decision.reason, 'exams');
      assert.equal(decision.decision === 'stay' && decision.next, began + 96 * hour);
    }
    assert.equal(because(record, device(first), at(96)), 'new: everybody');
    const waits = decide(record, device(middle), at(30));
    assert.equal(waits.decision === 'stay' && waits.next, began + 96 * hour);
  });

  test('stands still while it is paused', () => {
    const paused = { reason: 'sound', since: '2026-03-02T12:00:00Z' };
    const record = someStream({ rollout: someRollout({ paused }) });
    assert.equal(because(record, device(first), at(500)), 'new: share');
    assert.deepEqual(decide(record, device(middle), at(500)), {
      ...{ decision: 'stay', because: 'paused', reason: 'sound', share: 1000 },
      bucket: bucketOf(someRollout().salt, middle),
    });
  });

  test('leaves those that are kept back alone until their time, then they follow', () => {
    const reserved = { devices: deviceSetOf(someRollout().salt, [first, middle]), until: 100 * 3600 };
    const record = someStream({ rollout: someRollout({ reserved }) });
    const held = decide(record, device(first), at(0));
    assert.deepEqual(
      [held.decision === 'stay' && held.because, held.decision === 'stay' && held.next],
      [...['reserved', began + 100 * hour]],
    );
    assert.equal(because(record, device(first), at(99)), 'reserved');
    assert.equal(because(record, device(first), at(100)), 'new: everybody');
    const early = someStream({ rollout: someRollout({ reserved, early: { serials: [first] } }) });
    assert.equal(because(early, device(first), at(0)), 'new: early');
  });
});

describe('whatever the rules', () => {
  const moment = fc.integer({ min: -100, max: 2000 });
  const timeText = moment.map((hours) => `${new Date(began + hours * hour).toISOString().slice(0, 19)}Z`);
  const steps = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 0, max: 1000 })), { maxLength: 5 })
    .map((pairs) => {
      const shares = pairs.map(([share]) => share).sort((a, b) => a - b);
      const hours = [...new Set(pairs.map(([, after]) => after))].sort((a, b) => a - b);
      return hours.map((after, place) => ({ share: shares[place]!, after: after * 3600 }));
    });
  const serial = fc.integer({ min: 0, max: 500 }).map((number) => `SHC${number}`);
  const set = fc.array(serial, { maxLength: 20 }).map((serials) => deviceSetOf(someRollout().salt, serials));
  const rollouts = fc
    .record(
      {
        steps,
        early: fc.record({ serials: fc.array(serial, { maxLength: 3 }) }),
        only: fc.record({ devices: set }),
        notBefore: timeText,
        paused: fc.record({ reason: fc.constant(''), since: timeText }),
        reserved: fc.record({ devices: set, until: fc.integer({ min: 0, max: 1000 * 3600 }) }),
      },
      { requiredKeys: ['steps'] },
    )
    .map((given) => someRollout(given));

  test('who may take the head may take it later too', () => {
    fc.assert(
      fc.property(rollouts, serial, moment, moment, (rollout, name, one, other) => {
        const [before, after] = [Math.min(one, other), Math.max(one, other)];
        const record = someStream({ rollout });
        if (decide(record, device(name), at(before)).decision !== 'take') return;
        assert.equal(decide(record, device(name), at(after)).decision, 'take');
      }),
    );
  });

  test('who waits is let in at the moment that was said, and not an hour before', () => {
    const quiet = fc.array(
      fc.tuple(moment, fc.integer({ min: 1, max: 50 })).map(([from, length]) => ({
        from: `${new Date(began + from * hour).toISOString().slice(0, 19)}Z`,
        to: `${new Date(began + (from + length) * hour).toISOString().slice(0, 19)}Z`,
        reason: '',
      })),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(rollouts, quiet, serial, moment, (given, times, name, hours) => {
        const record = someStream({ rollout: { ...given, quiet: times } });
        const decision = decide(record, device(name), at(hours));
        if (decision.decision === 'take' || decision.next === undefined) return;
        const then = (decision.next - began) / hour;
        assert.ok(then > hours);
        assert.equal(decide(record, device(name), at(then)).decision, 'take');
        if (then - 1 > hours) assert.equal(decide(record, device(name), at(then - 1)).decision, 'stay');
      }),
      { numRuns: 500 },
    );
  });

  test('a share is the part of the devices that it says', () => {
    for (const [hours, share] of [
      [0, 0.01],
      [24, 0.1],
      [48, 0.5],
      [96, 1],
    ] as const) {
      const record = someStream({ rollout: someRollout() });
      assert.equal(shareAt(someRollout(), began + hours * hour), share * 10_000);
      const total = 20_000;
      let taken = 0;
      for (let number = 0; number < total; number += 1)
        if (decide(record, device(`CSN7${number}`), at(hours)).decision === 'take') taken += 1;
      // Five standard deviations of the binomial distribution.
      const tolerance = 5 * Math.sqrt(total * share * (1 - share));
      assert.ok(Math.abs(taken - total * share) <= tolerance, `${taken} of ${total} at ${share}`);
    }
  });

  test('another salt puts other devices first', () => {
    const serials = Array.from({ length: 5000 }, (_, number) => `SHC${number}`);
    const firsts = (salt: string) => serials.filter((name) => bucketOf(salt, name) < 1000);
    const [one, other] = [firsts('0'.repeat(16)), firsts('1'.repeat(16))];
    const both = one.filter((name) => other.includes(name)).length;
    assert.ok(both < 100, `${both} of ${one.length} are first both times`);
  });
});
