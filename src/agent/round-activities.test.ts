import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { UpdatedBundle } from '../activities/update-activities.ts';
import { SatchelError } from '../base/errors.ts';
import type { StreamName } from '../base/identifiers.ts';
import type { BundleId } from '../repository/bundle-record.ts';
import type { BundleVersion } from '../repository/bundle-version.ts';
import { testLaptop } from './agent.fixture.ts';
import type { Agent, HomeUpdate } from './agent.ts';
import { agentLayout } from './layout.ts';
import { readLaptopTrust } from './lease-keys.ts';
import { bringActivities } from './round-activities.ts';
import { beginWork, remember } from './round-work.ts';
import { type AgentSettings, defaultSettings } from './settings.ts';
import { readAgentState } from './state.ts';

const maze: UpdatedBundle = { id: 'org.maze' as BundleId, from: null, to: '1' as BundleVersion };

/** A laptop with two homes that have activities, and two that have none; the activities are those of the test. */
function scene(context: TestContext) {
  const laptop = testLaptop(context);
  const home = (name: string) => join(laptop.layout.home, name);
  for (const name of ['ana/.satchel/activities', 'ben/.satchel/activities', 'carla', 'olpc'])
    mkdirSync(home(name), { recursive: true });
  const asked: string[] = [];
  const world = {
    answer: async ({ home }: HomeUpdate): Promise<readonly UpdatedBundle[]> => {
      asked.push(home);
      return [maze];
    },
  };
  const agent: Agent = {
    ...laptop.agent,
    source: '/nowhere',
    updateActivities: async (update) => ({
      ...{ stream: 'stable' as StreamName, staying: [], bytesReceived: 7, requests: 1, seconds: 0 },
      updated: await world.answer(update),
    }),
  };
  /** The part of a round that is about activities, and what is remembered of it. */
  const round = async (settings: Partial<AgentSettings> = {}, more = {}, isWhole = true) => {
    const files = agentLayout(laptop.layout);
    const trust = readLaptopTrust(laptop.layout);
    const before = readAgentState(files);
    const all = { ...defaultSettings, ...settings };
    const work = Object.assign(beginWork({ agent, settings: all, trust, before, isWhole }), more);
    await bringActivities(work);
    remember(work);
    return {
      results: work.homes.map(({ result }) => result),
      failures: work.failures.map(({ code }) => code),
      state: readAgentState(files),
    };
  };
  return { laptop, home, asked, world, round };
}

test('every home that has activities is brought up to date, and its answer told', async (context) => {
  const { home, asked, world, round } = scene(context);
  assert.deepEqual((await round()).results, ['updated', 'updated']);
  assert.deepEqual(asked, [home('ana'), home('ben')]);
  world.answer = async () => [];
  assert.deepEqual((await round()).results, ['current', 'current']);
});

test('the user of the laptop gets them as soon as the source has any', async (context) => {
  const { home, asked, round } = scene(context);
  await round({}, { hasGroups: true });
  assert.deepEqual(asked, [home('ana'), home('ben'), home('olpc')]);
});

test('a home that is a link is not followed', async (context) => {
  const { home, asked, round } = scene(context);
  rmSync(home('ben'), { recursive: true });
  symlinkSync(home('ana'), home('ben'));
  await round();
  assert.deepEqual(asked, [home('ana')]);
});

describe('nothing is brought', () => {
  test('where activities or updates are switched off, or nothing is followed', async (context) => {
    const { laptop, asked, round } = scene(context);
    await round({ activities: false });
    await round({ updates: false });
    laptop.write('security/update-stream', 'none\n');
    await round();
    assert.deepEqual(asked, []);
  });

  test('without a source, and between two questions', async (context) => {
    const { asked, round } = scene(context);
    await round({}, { isSourceAway: true });
    await round({}, {}, false);
    assert.deepEqual(asked, []);
  });

  test('in a lesson, on an expensive link and with a low battery; it waits for the round that may', async (context) => {
    const { laptop, home, asked, round } = scene(context);
    laptop.write('run/satchel/inhibit', 'exam\n');
    const { results, state } = await round();
    assert.deepEqual(
      [results, state.homes],
      [
        ['later', 'later'],
        [home('ana'), home('ben')],
      ],
    );
    rmSync(join(laptop.layout.root, 'run/satchel/inhibit'));
    assert.deepEqual((await round({ metered: 'yes' }, {}, false)).results, ['later', 'later']);
    laptop.write('sys/class/power_supply/BAT0/type', 'Battery\n');
    laptop.write('sys/class/power_supply/BAT0/capacity', '20\n');
    laptop.write('sys/class/power_supply/BAT0/status', 'Discharging\n');
    assert.deepEqual((await round({}, {}, false)).results, ['later', 'later']);
    assert.deepEqual(asked, []);
    const last = await round({ battery: 10 }, {}, false);
    assert.deepEqual([last.results, last.state.homes], [['updated', 'updated'], undefined]);
    assert.deepEqual((await round({}, {}, false)).results, []);
  });
});

test('a lesson that begins stops it, and the rest waits', async (context) => {
  const { laptop, home, world, round } = scene(context);
  world.answer = ({ signal }) => {
    laptop.write('run/satchel/inhibit', 'exam\n');
    return new Promise((_, reject) =>
      signal.addEventListener('abort', () => reject(new SatchelError('cancelled'))),
    );
  };
  const { results, failures, state } = await round();
  assert.deepEqual([results, failures], [['later', 'later'], []]);
  assert.deepEqual(state.homes, [home('ana'), home('ben')]);
});

test('what fails in one home is said, and the next one is looked after', async (context) => {
  const { home, world, round } = scene(context);
  const usual = world.answer;
  world.answer = async (update) => {
    if (update.home === home('ana')) throw new SatchelError('activities-running', { home: update.home });
    return usual(update);
  };
  const { results, failures, state } = await round();
  assert.deepEqual([results, failures], [['failed', 'updated'], ['activities-running']]);
  assert.deepEqual([state.failures, state.failure], [1, 'activities-running']);
});

test('a link that breaks is said once', async (context) => {
  const { world, round } = scene(context);
  world.answer = async () => {
    throw new SatchelError('data-budget-spent', {});
  };
  const { results, failures } = await round();
  assert.deepEqual([results, failures], [['failed', 'failed'], ['data-budget-spent']]);
});
