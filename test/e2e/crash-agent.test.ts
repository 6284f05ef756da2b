/** The agent of a device, ended at every call that it makes to the system. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { agentLayout } from '../../src/agent/layout.ts';
import { defaultSettings, writeAgentSettings } from '../../src/agent/settings.ts';
import { noState, readAgentState, writeAgentState } from '../../src/agent/state.ts';
import { type DeviceLayout, deviceLayout } from '../../src/device/layout.ts';
import { must } from '../doubles/command.ts';
import {
  ageTemporaries,
  assertBootable,
  copyDevice,
  makeWorld,
  type Scenario,
  saidOf,
  temporariesBelow,
  tryCrashes,
  type World,
} from '../doubles/crash-world.ts';

let world: World;
/** The device of the world when b2 is on it and waits for its switch. */
let ready: string;

const layoutIn = (folder: string) => deviceLayout(join(folder, 'device'));

/** Hours in which it is not now, wherever this runs. */
function closedHours(): string {
  const hour = (add: number) => String((new Date().getHours() + add) % 24).padStart(2, '0');
  return `${hour(10)}:00-${hour(11)}:00`;
}

function setHours(layout: DeviceLayout, switchHours: string): void {
  writeAgentSettings(agentLayout(layout), { ...defaultSettings, notify: 'off', switchHours });
}

const ask = (layout: DeviceLayout) => ['agent', 'once', '--now', '--root', layout.root] as const;

before(async () => {
  world = await makeWorld();
  ready = join(world.folder, 'ready');
  copyDevice(world.device, ready);
  setHours(deviceLayout(ready), closedHours());
  await must(...ask(deviceLayout(ready)));
  assert.equal(readAgentState(agentLayout(deviceLayout(ready))).ready?.build, 'b2');
});
after(() => world.remove());

const marks = ({ sticky }: DeviceLayout) => readdirSync(sticky).filter((name) => !name.startsWith('.tmp.'));

/** After a day, a round and a purge nothing is left of what the crash interrupted. */
async function assertEnds(layout: DeviceLayout): Promise<void> {
  setHours(layout, '');
  await must(...ask(layout));
  assert.equal(assertBootable(world, layout, ['b2']), 'b2');
  assert.deepEqual(marks(layout), []);
  const { ready: stillWaits, later } = readAgentState(agentLayout(layout));
  assert.deepEqual([stillWaits, later], [undefined, undefined]);
  ageTemporaries(layout.root);
  await must('agent', 'once', '--root', layout.root);
  await must('purge', '--root', layout.root);
  assert.deepEqual(temporariesBelow(layout.root), []);
}

const scenarios: readonly Scenario[] = [
  {
    name: 'fetching what is switched to later',
    sample: { usual: 6, complete: 60 },
    prepare(folder) {
      const layout = layoutIn(folder);
      copyDevice(world.device, layout.root);
      setHours(layout, closedHours());
      return ask(layout);
    },
    async check(folder) {
      const layout = layoutIn(folder);
      assert.equal(assertBootable(world, layout, ['b1']), 'b1');
      await must(...ask(layout));
      assert.equal(assertBootable(world, layout, ['b1']), 'b1');
      assert.deepEqual(marks(layout), ['b2']);
      await assertEnds(layout);
    },
  },
  {
    name: 'switching to what was fetched before',
    sample: { usual: 5, complete: 30 },
    prepare(folder) {
      const layout = layoutIn(folder);
      copyDevice(ready, layout.root);
      setHours(layout, '');
      return ask(layout);
    },
    async check(folder) {
      const layout = layoutIn(folder);
      assertBootable(world, layout, ['b1', 'b2']);
      await assertEnds(layout);
    },
  },
  {
    name: 'taking a lease from a stolen laptop',
    sample: { usual: 5, complete: 30 },
    prepare(folder) {
      const layout = layoutIn(folder);
      copyDevice(ready, layout.root);
      const files = agentLayout(layout);
      // What it heard in a round that a power cut ended.
      writeAgentState(files, { ...noState, stolen: { server: { stolen: true, at: Date.UTC(2099, 0, 1) } } });
      writeFileSync(files.lease, lease);
      return ['agent', 'once', '--root', layout.root];
    },
    async check(folder) {
      const { lease: path, leaseAside } = agentLayout(layoutIn(folder));
      const held = [path, leaseAside].flatMap((place) => {
        try {
          return [readFileSync(place, 'utf8')];
        } catch {
          return [];
        }
      });
      assert.deepEqual(held, [lease], 'it is in one of the two places, whole');
      await must('agent', 'once', '--root', layoutIn(folder).root);
      assert.equal(readFileSync(leaseAside, 'utf8'), lease);
    },
  },
];

const lease = `act01: SHC00000001 K 20991231T235959Z sig01: sha256 ${'0'.repeat(64)} ${'0'.repeat(512)}\n`;

for (const scenario of scenarios)
  test(`${scenario.name}, ended at any call, can be done again`, async (context) => {
    const tried = await tryCrashes(world, scenario);
    context.diagnostic(saidOf(scenario, tried));
  });
