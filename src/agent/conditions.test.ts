import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { OatsPriority } from '../advice/oats-answer.ts';
import { temporaryFolder } from '../device/device.fixture.ts';
import type { AskProgram } from './ask-program.ts';
import { type Conditions, whyAdviceLater, whyFetchLater, whySwitchLater } from './conditions.ts';
import { isLinkMetered } from './metered.ts';
import { readPower } from './power.ts';
import { whyQuiet } from './quiet.ts';
import { defaultSettings } from './settings.ts';

/** A folder that stands for `/`. */
function rootWith(context: TestContext, files: Readonly<Record<string, string>>): string {
  const root = temporaryFolder(context);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const supply = (name: string, values: Readonly<Record<string, string | number>>) =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [`sys/class/power_supply/${name}/${key}`, `${value}\n`]),
  );

describe('power', () => {
  const cases: readonly (readonly [string, Readonly<Record<string, string>>, object])[] = [
    ['a machine that tells nothing is on mains power', {}, { isMains: true }],
    [
      'a laptop on its battery',
      {
        ...supply('AC', { type: 'Mains', online: 0 }),
        ...supply('BAT0', { type: 'Battery', capacity: 37, status: 'Discharging' }),
      },
      { isMains: false, battery: 37 },
    ],
    [
      'a laptop that is plugged in',
      {
        ...supply('AC', { type: 'Mains', online: 1 }),
        ...supply('BAT0', { type: 'Battery', capacity: 5, status: 'Unknown' }),
      },
      { isMains: true, battery: 5 },
    ],
    [
      'a laptop that tells only that it charges, with two batteries',
      {
        ...supply('olpc-battery', { type: 'Battery', capacity: 20, status: 'Charging' }),
        ...supply('BAT1', { type: 'Battery', capacity: 80 }),
      },
      { isMains: true, battery: 50 },
    ],
    [
      'the battery of a mouse is none of the machine',
      supply('hidpp_battery_0', { type: 'Battery', scope: 'Device', capacity: 3 }),
      { isMains: true },
    ],
    ['a battery that does not tell its level', supply('BAT0', { type: 'Battery' }), { isMains: false }],
  ];
  for (const [name, files, expected] of cases)
    test(name, (context) => assert.deepEqual(readPower(rootWith(context, files)), expected));
});

const silent: AskProgram = async () => undefined;

describe('quiet', () => {
  const inhibitor = (lines: string) => ({
    'run/systemd/inhibit/7': `# This is private data.\n${lines}\n`,
    'run/systemd/inhibit/7.ref': '',
  });
  const why = (root: string, ask = silent) => whyQuiet(root, join(root, 'run/satchel/inhibit'), ask);

  test('nothing is going on', async (context) => {
    assert.equal(await why(rootWith(context, {})), undefined);
    const lid = inhibitor('WHAT=sleep:handle-lid-switch\nMODE=block\nWHO=olpc-update\nWHY=x');
    assert.equal(await why(rootWith(context, lid)), undefined);
    const delay = inhibitor('WHAT=shutdown\nMODE=delay\nWHO=x\nWHY=x');
    assert.equal(await why(rootWith(context, delay)), undefined);
  });

  test('the file of a lesson, with its words or without', async (context) => {
    const root = rootWith(context, { 'run/satchel/inhibit': 'exam until noon\nroom 3\n' });
    assert.equal((await why(root))?.why, 'exam until noon');
    writeFileSync(join(root, 'run/satchel/inhibit'), '');
    assert.equal((await why(root))?.why, '');
    rmSync(join(root, 'run/satchel/inhibit'));
    assert.equal(await why(root), undefined);
  });

  test('a program that blocks idling or shutting down', async (context) => {
    const film = inhibitor('WHAT=sleep:idle\nMODE=block\nWHO=Totem\nWHY=Playing a film');
    assert.deepEqual(await why(rootWith(context, film)), { who: 'Totem', why: 'Playing a film' });
  });

  test('logind is asked about the machine itself', async () => {
    const answer = JSON.stringify({
      type: 'a(ssssuu)',
      data: [
        [
          ['sleep', 'NetworkManager', 'networks', 'delay', 0, 1],
          ['shutdown:idle', 'Lesson', 'test', 'block', 0, 2],
        ],
      ],
    });
    const ask: AskProgram = async (name, words) =>
      name === 'busctl' && words.includes('ListInhibitors') ? answer : undefined;
    assert.deepEqual(await whyQuiet('/', '/nowhere/inhibit', ask), { who: 'Lesson', why: 'test' });
    for (const nonsense of ['', '{}', '{"data":[]}', '{"data":[[]]}', '{"data":[[1,["idle"]]]}'])
      assert.equal(await whyQuiet('/', '/nowhere/inhibit', async () => nonsense), undefined);
  });
});

describe('a metered link', () => {
  const bus =
    (value: string): AskProgram =>
    async (name) =>
      name === 'busctl' ? value : undefined;
  const nmcli =
    (text: string): AskProgram =>
    async (name) =>
      name === 'nmcli' ? text : undefined;
  test('is what the operator says', async () => {
    assert.equal(await isLinkMetered('yes', bus('u 2\n')), true);
    assert.equal(await isLinkMetered('no', bus('u 1\n')), false);
  });
  test('is what NetworkManager says or guesses, and nothing without it', async () => {
    const found = await Promise.all(
      ['0', '1', '2', '3', '4'].map((value) => isLinkMetered('auto', bus(`u ${value}\n`))),
    );
    assert.deepEqual(found, [false, true, false, true, false]);
    assert.equal(await isLinkMetered('auto', silent), false);
    const off =
      'GENERAL.STATE:20 (unavailable)\nGENERAL.METERED:yes\n\nGENERAL.STATE:100 (connected)\nGENERAL.METERED:';
    assert.equal(await isLinkMetered('auto', nmcli(`${off}yes (guessed)\n`)), true);
    assert.equal(await isLinkMetered('auto', nmcli(`${off}no\n`)), false);
  });
});

describe('when it is done', () => {
  const noon = new Date(2026, 2, 2, 12).getTime();
  const free: Conditions = { power: { isMains: true }, isMetered: false, time: noon };
  const both = (conditions: Partial<Conditions>, settings: Partial<typeof defaultSettings> = {}) => {
    const all = [
      { ...free, ...conditions },
      { ...defaultSettings, ...settings },
    ] as const;
    return [whyFetchLater(...all), whySwitchLater(...all)];
  };
  test('at once where nothing speaks against it', () => assert.deepEqual(both({}), [undefined, undefined]));
  test('not in a lesson, and that comes first', () =>
    assert.deepEqual(both({ quiet: { who: 'x', why: '' }, isMetered: true }), ['lesson', 'lesson']));
  test('not on a low battery', () => {
    assert.deepEqual(both({ power: { isMains: false, battery: 39 } }), ['battery', 'battery']);
    assert.deepEqual(both({ power: { isMains: false, battery: 40 } }), [undefined, undefined]);
    assert.deepEqual(both({ power: { isMains: false } }), [undefined, undefined]);
    assert.deepEqual(both({ power: { isMains: false, battery: 1 } }, { battery: 0 }), [undefined, undefined]);
  });
  test('a metered link keeps from fetching only', () =>
    assert.deepEqual(both({ isMetered: true }), ['metered', undefined]));
  test('what a server advises, by its priority', () => {
    const why = (priority: OatsPriority, conditions: Partial<Conditions>, settings = defaultSettings) =>
      whyAdviceLater(priority, { ...free, ...conditions }, settings);
    const charged: Partial<Conditions> = { power: { isMains: false, battery: 90 } };
    assert.deepEqual(
      [why('low', charged), why('normal', charged), why('low', {})],
      ['battery', undefined, undefined],
    );
    assert.deepEqual(
      [why('normal', { isMetered: true }), why('high', { isMetered: true })],
      ['metered', undefined],
    );
    assert.equal(why('high', { quiet: { who: 'x', why: '' } }), 'lesson');
  });
  test('within the hours, each for itself', () => {
    const night = { fetchHours: '22:00-06:00', switchHours: '11:00-13:00' };
    assert.deepEqual(both({}, night), ['hours', undefined]);
    assert.deepEqual(both({}, { ...night, days: 'sun' }), ['hours', 'hours']);
    assert.deepEqual(both({ time: undefined }, night), [undefined, undefined]);
  });
});
