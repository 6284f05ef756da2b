import assert from 'node:assert/strict';
import { test } from 'node:test';
import { say } from '../base/catalogue.ts';
import { buildName } from '../base/identifiers.ts';
import { deviceSetOf } from '../repository/device-set.ts';
import type { StreamRecord } from '../repository/records.ts';
import { began, hour, someRollout, someStream } from './decide.testkit.ts';
import type { AskingDevice } from './decide.ts';
import { explainDecision } from './explain.ts';

const since = '2026-03-02T12:00:00Z';
const old = { build: buildName('old'), sequence: 5 };

function words(record: StreamRecord, given: Partial<AskingDevice> = {}, hours = 0): string[] {
  const device = { identity: 'SHC3', running: old, client: '1.2.3', ...given };
  const times = { issued: began + hours * hour, now: began + hours * hour };
  const sentences = explainDecision(record, device, times);
  for (const { code, parameters } of sentences)
    for (const language of ['en', 'es'] as const) {
      const { text } = say(code, parameters, language);
      assert.doesNotMatch(text, /\{\w+\}|undefined|NaN/, `${code} ${language}`);
    }
  return sentences.map(({ code, parameters }) => say(code, parameters, 'en').text);
}

test('who waits is told his place, the share, and when his turn comes', () => {
  // SHC3 has the place 6562 with this salt.
  assert.deepEqual(words(someStream({ rollout: someRollout() }), {}, 30), [
    'It runs old; the stream "stable" stands for new.',
    'It stays on old: 10 % of the devices may take new by now, and this one comes at 65.62 %.',
    'As the plan stands, it may from 2026-03-05T00:00:00Z on.',
  ]);
  const never = someRollout({ steps: [{ share: 100, after: 0 }] });
  assert.equal(words(someStream({ rollout: never })).at(-1), 'As the plan stands, its turn does not come.');
});

test('who is not known is told that he comes last', () => {
  assert.match(words(someStream({ rollout: someRollout() }), { identity: undefined })[1]!, /comes last/);
});

test('every reason has its words', () => {
  const rollout = someRollout();
  const devices = deviceSetOf(rollout.salt, ['SHC3']);
  const waypoints = [{ build: buildName('way'), sequence: 8, minimumClient: '' }];
  const second = (record: StreamRecord, given: Partial<AskingDevice> = {}, hours = 0) =>
    words(record, given, hours)[1];
  const ruled = (given: Parameters<typeof someRollout>[0]) => someStream({ rollout: someRollout(given) });
  assert.equal(second(someStream()), 'It takes new, as everybody does.');
  assert.equal(second(someStream(), { running: { build: buildName('new') } }), 'There is nothing to do.');
  assert.match(second(someStream({ rollout }), {}, 96)!, /^It takes new, as everybody does/);
  assert.match(
    second(ruled({ steps: [{ share: 9000, after: 0 }] }))!,
    /90 % of the devices may by now, and it comes at 65.62 %/,
  );
  assert.match(second(ruled({ early: { serials: ['SHC*'] } }))!, /one of those that come first/);
  assert.match(second(ruled({ only: {} }))!, /only for some devices/);
  assert.match(second(ruled({ notBefore: since }))!, /nobody takes new before 2026-03-02T12:00:00Z/);
  assert.match(
    second(ruled({ quiet: [{ from: '2026-02-01T00:00:00Z', to: since, reason: 'exams' }] }))!,
    /until 2026-03-02T12:00:00Z \(exams\)/,
  );
  assert.match(
    second(ruled({ paused: { reason: '', since } }), {}, 50)!,
    /stood still since 2026-03-02T12:00:00Z \(—\), when 10 %/,
  );
  assert.match(
    second(ruled({ reserved: { devices, until: 7200 } }))!,
    /until 2026-03-01T02:00:00Z at the latest/,
  );
  assert.match(
    second(ruled({ reserved: { devices, until: 72_000 }, paused: { reason: 'r', since } }))!,
    /stood still since .* \(r\)/,
  );
  const halted = { reason: 'sound', since };
  assert.match(
    second(someStream({ halted }))!,
    /stays on old: the stream has been halted since .* \(sound\)/,
  );
  assert.match(second(someStream({ halted }), { running: undefined })!, /^It gets nothing/);
  assert.match(
    second(someStream({ waypoints }))!,
    /takes way first: nobody may pass it over on the way to new/,
  );
  const newer = { running: { build: buildName('newest'), sequence: 11 } };
  assert.match(second(someStream(), newer)!, /stays on newest, which was published after new/);
  assert.match(
    second(someStream({ back: halted }), newer)!,
    /goes back to new: .* 2026-03-02T12:00:00Z \(sound\)/,
  );
  const demanding = { minimumClient: '2.0.0' };
  assert.match(
    second(someStream({ waypoints }, demanding))!,
    /takes way first: new asks for Satchel 2.0.0 or newer, and this is 1.2.3/,
  );
  assert.match(second(someStream({}, demanding))!, /stays on old: new asks for Satchel 2.0.0/);
  const hard = [{ ...waypoints[0]!, minimumClient: '1.9.0' }];
  assert.match(second(someStream({ waypoints: hard }))!, /stays on old: way asks for Satchel 1.9.0/);
});
