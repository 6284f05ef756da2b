import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSatchelError } from '../base/errors.ts';
import { buildName } from '../base/identifiers.ts';
import { emptyDevice } from '../device/device.fixture.ts';
import { agentLayout } from './layout.ts';
import { defaultSettings, readAgentSettings, writeAgentSettings } from './settings.ts';
import { type AgentState, noState, readAgentState, writeAgentState } from './state.ts';

test('what is remembered comes back, and what stays the same is not written again', (context) => {
  const files = agentLayout(emptyDevice(context));
  assert.deepEqual(readAgentState(files), noState);
  const moment = { wall: 5, isClockRight: false, boot: 'a', uptime: 7 };
  const state: AgentState = {
    ...{
      success: moment,
      attempt: { ...moment, wall: 6 },
      failures: 2,
      draw: 0.25,
      failure: 'store-unreachable',
    },
    stolen: { list: { stolen: true, at: 3 }, server: undefined },
    later: { build: buildName('b1'), because: 'lesson', since: '2026-01-01T00:00:00Z' },
    ready: { build: buildName('b2') },
    advice: undefined,
    homes: ['/home/olpc'],
    told: { 'agent-stolen': '2026-01-01' },
  };
  writeAgentState(files, state);
  assert.deepEqual(readAgentState(files), state);
  const { ino } = statSync(files.state);
  writeAgentState(files, { ...state });
  assert.equal(statSync(files.state).ino, ino);
  writeAgentState(files, { ...state, failures: 3 });
  assert.notEqual(statSync(files.state).ino, ino);
});

test('settings come back', (context) => {
  const files = agentLayout(emptyDevice(context));
  assert.deepEqual(readAgentSettings(files), defaultSettings);
  const settings = {
    ...defaultSettings,
    fetchHours: '22:00-06:00',
    servers: ['http://a/'],
    battery: 0,
    updates: false,
  };
  writeAgentSettings(files, settings);
  assert.deepEqual(readAgentSettings(files), settings);
});

test('whatever stands in the files, they are read or refused in words', (context) => {
  const files = agentLayout(emptyDevice(context));
  writeAgentState(files, { ...noState, failures: 1 });
  writeAgentSettings(files, defaultSettings);
  const originals = [files.state, files.settings].map(
    (path) => JSON.parse(readFileSync(path, 'utf8')) as object,
  );
  mkdirSync(files.directory, { recursive: true });
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.constantFrom(
          'success',
          'stolen',
          'later',
          'ready',
          'told',
          'servers',
          'names',
          'days',
          'draw',
          'advice',
          'battery',
        ),
        fc.jsonValue(),
      ),
      fc.boolean(),
      (changed, isWhole) => {
        for (const [at, path] of [files.state, files.settings].entries())
          writeFileSync(path, JSON.stringify(isWhole ? changed : { ...originals[at], ...changed }));
        for (const read of [() => readAgentState(files), () => readAgentSettings(files)]) {
          try {
            read();
          } catch (error) {
            assert.ok(isSatchelError(error), String(error));
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});
