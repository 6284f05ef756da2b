/**
 * satchel-lite and satchel come to the same decision: the functions of the one, under its shells, against `decide()`, for
 * many streams and devices.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { someStream } from '../../src/advice/decide.testkit.ts';
import { type AskingDevice, decide } from '../../src/advice/decide.ts';
import { recordTime } from '../../src/base/fields.ts';
import { buildName } from '../../src/base/identifiers.ts';
import { deviceLayout } from '../../src/device/layout.ts';
import { modelOf, serialOf } from '../../src/device/report-maker.ts';
import { deviceSetOf } from '../../src/repository/device-set.ts';
import { ruleLines } from '../../src/repository/lite-rules.ts';
import type { StreamRecord } from '../../src/repository/records.ts';
import type { Group, Rollout } from '../../src/repository/rollout-record.ts';
import { type LiteShell, liteProgram, liteShells } from '../doubles/satchel-lite.ts';
import { scratchFolder } from '../doubles/scratch.ts';

const scratch = scratchFolder('lite-decide');
const shells = liteShells(scratch.path);
after(() => scratch.remove());

const began = Date.parse('2026-03-01T00:00:00Z');
const hour = 3_600_000;

/** A machine of the test: what runs is `b<sequence>` where its place is known, `u<sequence>` where it is not. */
type Machine = { readonly serial: string; readonly model: string; readonly runs: string };
type Scene = {
  readonly record: StreamRecord;
  readonly machine: Machine;
  /** Hours after the beginning of the rollout. */
  readonly issued: number;
  readonly now: number;
};

const moment = fc.integer({ min: -30, max: 300 });
const time = moment.map((hours) => recordTime(began + hours * hour));
const salt = fc.constantFrom('0123456789abcdef', 'ffffffff00000000');
const serial = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 60 }).map((number) => `SHC${number}`) },
  fc.constantFrom('', 'A[b]', 'a\\b*', '-n', '7', 'x y'),
);
const model = fc.constantFrom('', 'XO-1', 'XO-1.5', 'OLPC XO 4');
const runs = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 9 }).map((number) => `b${number}`) },
  fc.integer({ min: 10, max: 14 }).map((number) => `b${number}`),
  fc.integer({ min: 1, max: 14 }).map((number) => `u${number}`),
  fc.constant(''),
);
const pattern = fc.constantFrom(
  'SHC1*',
  'SHC?',
  '*5',
  '*1*2*',
  'A[b]',
  'a\\b?',
  '-n',
  'XO-1',
  'XO*',
  '*',
  '7',
  'x y',
);

function groups(of: string): fc.Arbitrary<Group> {
  return fc.record(
    {
      serials: fc.array(pattern, { maxLength: 2 }),
      models: fc.array(pattern, { maxLength: 2 }),
      builds: fc.array(runs.filter((name) => name !== '').map(buildName), { maxLength: 2 }),
      devices: sets(of),
    },
    { requiredKeys: [] },
  );
}

const all = fc.constant({
  serials: ['*'],
  models: ['*'],
  builds: Array.from({ length: 14 }, (_, n) => buildName(`b${n}`)),
});

function sets(of: string): fc.Arbitrary<string> {
  return fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 40, size: 'max' }).map((numbers) =>
    deviceSetOf(
      of,
      numbers.map((number) => `SHC${number}`),
    ),
  );
}

const steps = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 0, max: 200 })), { maxLength: 4 })
  .map((pairs) => {
    const shares = pairs.map(([share]) => share).sort((a, b) => a - b);
    const hours = [...new Set(pairs.map(([, after]) => after))].sort((a, b) => a - b);
    return hours.map((after, place) => ({ share: shares[place]!, after: after * 3600 }));
  });

const rollouts: fc.Arbitrary<Rollout> = salt.chain((of) =>
  fc.record(
    {
      salt: fc.constant(of),
      began: fc.constant(recordTime(began)),
      steps,
      early: groups(of),
      only: fc.oneof({ weight: 1, arbitrary: groups(of) }, { weight: 4, arbitrary: all }),
      notBefore: fc.integer({ min: -60, max: 20 }).map((hours) => recordTime(began + hours * hour)),
      quiet: fc.array(
        fc.tuple(moment, fc.integer({ min: 1, max: 40 })).map(([from, length]) => ({
          from: recordTime(began + from * hour),
          to: recordTime(began + (from + length) * hour),
          reason: 'exams and more',
        })),
        { maxLength: 2 },
      ),
      paused: fc.record({ reason: fc.constant('why not'), since: time }),
      reserved: fc.record({ devices: sets(of), until: fc.integer({ min: 0, max: 300 * 3600 }) }),
    },
    { requiredKeys: ['salt', 'began', 'steps', 'reserved'] },
  ),
);

const waypoints = fc
  .uniqueArray(fc.integer({ min: 2, max: 12 }), { maxLength: 3 })
  .map((places) =>
    places
      .sort((a, b) => b - a)
      .map((sequence) => ({ build: buildName(`b${sequence}`), sequence, minimumClient: '' })),
  );

const scenes: fc.Arbitrary<Scene> = fc.record({
  record: fc
    .tuple(
      fc.option(rollouts, { nil: undefined, freq: 8 }),
      waypoints,
      fc.boolean(),
      fc.integer({ min: 0, max: 9 }),
      fc.uniqueArray(runs.filter((name) => name !== '').map(buildName), { maxLength: 6 }),
    )
    .map(([rollout, points, isBack, rare, previous]) => ({
      ...someStream(
        {
          rollout,
          waypoints: points,
          halted: rare === 0 ? { reason: 'sound', since: recordTime(began) } : undefined,
          back: isBack ? { reason: '', since: recordTime(began) } : undefined,
        },
        { sequence: 10 },
      ),
      previous,
    })),
  machine: fc.record({ serial, model, runs }),
  issued: moment,
  now: moment,
});

function expected({ record, machine, issued, now }: Scene): string {
  const known = machine.runs.startsWith('b') ? { sequence: Number(machine.runs.slice(1)) } : {};
  const device: AskingDevice = {
    identity: machine.serial === '' ? undefined : machine.serial,
    ...(machine.model === '' ? {} : { model: machine.model }),
    ...(machine.runs === '' ? {} : { running: { build: buildName(machine.runs), ...known } }),
    client: '99.0.0',
  };
  const times = { issued: began + issued * hour, now: began + Math.max(issued, now) * hour };
  const decision = decide(record, device, times);
  if (decision.decision === 'stay') return `stay ${decision.because}`;
  // What let a machine in says less than that a waypoint comes first.
  return `take ${decision.build} ${decision.because}`;
}

/** What a stream's file says, as `lite-refresh` writes it. */
function textOf({ record, issued }: Scene): string {
  const { stream, build, waypoints: points = [], back } = record;
  const hash = 'ab'.repeat(32);
  const permit = back && {
    ...{ satchel: 'back', format: 1, stream, from: 20 },
    ...{ to: { build: build.name, sequence: build.sequence }, ...back },
  };
  const lists = points.map(({ build: name, sequence }) => ({
    ...{ build: name as string, sequence, bytes: 1, sha256: hash, length: 1 },
  }));
  const lines = [
    'satchel-lite 1 stream',
    'serial 1',
    `issued ${recordTime(began + issued * hour)}`,
    `stream ${stream}`,
    `build ${build.name}`,
    `sequence ${build.sequence}`,
    `list ${hash} 1`,
    ...ruleLines(record, { waypoints: lists, permit: permit as never }),
    'key01: 00',
  ];
  return `${lines.join('\n')}\n`;
}

/** The functions of the program, and one decision for each scene. */
function driver(): string {
  const functions = readFileSync(liteProgram, 'latin1').split(/^# -+ the call$/m)[0];
  return `${functions}
root=$1 lists=$1/lists own=$1/own stream=stable source=here
first_words() { if [ "$1" = 64 ]; then printf '%s' "$serial"; else printf '%s' "$kind"; fi; }
while IFS='|' read -r number now running; do
  text=$root/$number.text
  serial=$(cat "$root/$number.serial") kind=$(cat "$root/$number.model") current=
  build=$(value build "$text") sequence=$(value sequence "$text") issued=$(value issued "$text")
  halted=$(value halted "$text") back=$(value back "$text") rollout=$(value rollout "$text")
  decide
  if [ "$decision" = take ]; then echo "take $build $because"; else echo "stay $because"; fi
done <"$1/scenes"
`;
}

/** What a shell decides in all scenes. */
function decidedBy(shell: LiteShell, all: readonly Scene[]): string[] {
  const folder = scratch.file(shell.name);
  mkdirSync(join(folder, 'lists'), { recursive: true });
  for (let place = 1; place < 20; place += 1)
    writeFileSync(join(folder, 'lists', `b${place}.sum`), `satchel-lite 1 tree\nsequence ${place}\n`);
  const lines = all.map((scene, number) => {
    writeFileSync(join(folder, `${number}.text`), textOf(scene));
    writeFileSync(join(folder, `${number}.serial`), scene.machine.serial);
    writeFileSync(join(folder, `${number}.model`), scene.machine.model);
    const now = recordTime(began + Math.max(scene.issued, scene.now) * hour);
    return `${number}|${now}|${scene.machine.runs}\n`;
  });
  writeFileSync(join(folder, 'scenes'), lines.join(''));
  writeFileSync(join(folder, 'driver'), driver(), 'latin1');
  const [program, ...words] = [...shell.words, join(folder, 'driver'), folder];
  const ran = spawnSync(program!, words, { encoding: 'utf8', env: { PATH: shell.path } });
  assert.equal(ran.status, 0, ran.stderr);
  assert.equal(ran.stderr, '');
  return ran.stdout.trimEnd().split('\n');
}

describe('a machine with a shell only', () => {
  for (const shell of shells) {
    test(`decides with ${shell.name} as satchel does`, () => {
      const all = fc.sample(scenes, { numRuns: 300, seed: 20_260_301 });
      const decided = decidedBy(shell, all);
      const wanted = all.map(expected);
      // All there is to be decided comes up.
      for (const because of [
        'share',
        'early',
        'quiet',
        'reserved',
        'waypoint',
        'not-included',
        'paused',
        'back',
      ])
        assert.ok(
          wanted.some((words) => words.endsWith(` ${because}`)),
          because,
        );
      for (const [place, scene] of all.entries())
        assert.equal(decided[place], wanted[place], JSON.stringify(scene, undefined, 1));
    });

    test(`lets in with ${shell.name} the same devices as their share grows`, () => {
      const shares = [100, 1000, 5000].map((share, place) => ({ share, after: place * 3600 }));
      const rollout = { salt: '00112233445566ff', began: recordTime(began), steps: shares };
      const record = someStream({ rollout });
      const all = Array.from({ length: 60 }, (_, number) => ({
        ...{ record, issued: number % 3, now: 0 },
        machine: { serial: `CSN7440${number}`, model: '', runs: 'b5' },
      }));
      assert.deepEqual(decidedBy(shell, all), all.map(expected));
    });

    test(`reads its serial number with ${shell.name} as satchel does`, () => {
      const cases: readonly (readonly [string, string])[] = [
        ['ofw/mfg-data/SN', 'SHC123456AB\0'],
        ['ofw/serial-number', '  two  words \0\0and more\n'],
        ['proc/device-tree/serial-number', '\u0001\u0002'],
        ['proc/device-tree/mfg-data/SN', 'x'.repeat(65)],
        ['sys/class/dmi/id/product_serial', 'To Be Filled By O.E.M.\n'],
        ['sys/class/dmi/id/product_serial', 'System Serial Number\n'],
        ['sys/class/dmi/id/product_serial', '000000\n'],
        ['sys/class/dmi/id/product_serial', "a'b\\c*\n"],
        ['proc/device-tree/model', 'OLPC XO-1.75\0'],
        ['sys/class/dmi/id/product_name', 'System Product Name\n'],
      ];
      const functions = driver().split('\nroot=$1 lists=')[0];
      const both = (files: string, longest: number) => `first_words ${longest} ${files}; echo`;
      for (const [place, [file, content]] of cases.entries()) {
        const root = scratch.file(`${shell.name}-root-${place}`);
        mkdirSync(dirname(join(root, file)), { recursive: true });
        writeFileSync(join(root, file), content, 'latin1');
        const serials =
          'ofw/mfg-data/SN ofw/serial-number proc/device-tree/mfg-data/SN proc/device-tree/serial-number sys/class/dmi/id/product_serial';
        const models = 'proc/device-tree/model sys/class/dmi/id/product_name';
        const script = scratch.file(`${shell.name}-words`);
        writeFileSync(
          script,
          `${functions}\nroot=$1\n${both(serials, 64)}\n${both(models, 128)}\n`,
          'latin1',
        );
        const [program, ...words] = [...shell.words, script, root];
        const { stdout } = spawnSync(program!, words, { encoding: 'latin1', env: { PATH: shell.path } });
        const layout = deviceLayout(root);
        assert.equal(
          stdout,
          `${serialOf(layout) ?? ''}\n${modelOf(layout) ?? ''}\n`,
          JSON.stringify(content),
        );
      }
    });
  }
});
