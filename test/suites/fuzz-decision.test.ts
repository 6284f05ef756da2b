/** The rules of a stream and permits to go back, in all that a file may hold instead of them; and what is decided by them. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { someRollout, someStream } from '../../src/advice/decide.testkit.ts';
import { decide } from '../../src/advice/decide.ts';
import { explainDecision } from '../../src/advice/explain.ts';
import { say } from '../../src/base/catalogue.ts';
import { buildName, streamName } from '../../src/base/identifiers.ts';
import { parseBackPermit } from '../../src/repository/back-record.ts';
import { deviceSetOf } from '../../src/repository/device-set.ts';
import { ruleLines } from '../../src/repository/lite-rules.ts';
import { parseStreamRecord, recordBytes, type StreamRecord } from '../../src/repository/records.ts';
import { fuzzSubject } from './fuzz.testkit.ts';
import { fileSubject } from './fuzz-file.testkit.ts';
import type { Json } from './fuzz-json.testkit.ts';

const time = '2026-03-01T08:00:00Z';
const codes = /^(record-(invalid|newer)|name-not-allowed)$/;
const { salt } = someRollout();
const devices = deviceSetOf(salt, ['SHC1', 'SHC2', 'SHC3']);

const record = someStream({
  rollout: someRollout({
    early: { serials: ['SHC*', 'C?N'], models: ['XO-1'], builds: [buildName('old')], devices },
    only: { devices },
    notBefore: time,
    quiet: [{ from: time, to: '2026-03-02T08:00:00Z', reason: 'exams' }],
    paused: { reason: 'sound', since: time },
    reserved: { devices, until: 3600 },
    automatic: { failed: 500, silent: 2000, atLeast: 20, silentAfter: 86_400 },
  }),
  waypoints: [{ build: buildName('way'), sequence: 8, minimumClient: '1.0.0' }],
  back: { reason: 'sound', since: time },
});

const asking = [undefined, 'SHC1', '*'].flatMap((identity) =>
  [undefined, { build: buildName('old') }, { build: buildName('newest'), sequence: 11 }].map((running) => ({
    ...{ identity, running, model: 'XO-1', client: '1.0.0' },
  })),
);

suite('the rules of a stream', () => {
  test('are read as written or refused, and always lead to a decision with its words', async () => {
    const samples = [record, someStream({ rollout: someRollout() })] as unknown as Json[];
    await fuzzSubject(
      fileSubject('rules', samples, (bytes) => parseStreamRecord(bytes, 'r').record, {
        accepted: checkDecisions,
        codes,
      }),
    );
  });
});

suite('a permit to go back', () => {
  test('is read as written or refused', async () => {
    const permit = {
      ...{ satchel: 'back', format: 1, stream: streamName('stable'), from: 12 },
      to: { build: buildName('new'), sequence: 10 },
      ...{ reason: 'sound', since: time },
    };
    await fuzzSubject(
      fileSubject('permit', [permit as unknown as Json], (bytes) => parseBackPermit(bytes, 'r'), {
        accepted: (read) => assert.deepEqual(parseBackPermit(recordBytes(read), 'again'), read),
        codes,
      }),
    );
  });
});

function checkDecisions(read: StreamRecord): void {
  assert.deepEqual(parseStreamRecord(recordBytes(read), 'again').record, read);
  for (const line of ruleLines(read, { waypoints: [], permit: undefined }))
    assert.doesNotMatch(line, /[\t\n]/);
  for (const device of asking)
    for (const issued of [0, Date.parse(time), 4_102_444_800_000]) {
      const times = { issued, now: issued };
      const decision = decide(read, device, times);
      if (decision.decision === 'stay' && decision.next !== undefined) assert.ok(decision.next > issued);
      for (const { code, parameters } of explainDecision(read, device, times))
        assert.doesNotMatch(say(code, parameters, 'en').text, /\{\w+\}|NaN|Invalid/);
    }
}
