/**
 * `npm run bench:activities`: what an update of many activities costs. The educational packages of one suite of Debian
 * are published as version 1 and those of the next as version 2; a home goes from all of the first to all of the second
 * over loopback HTTP. Beside it: downloading the changed bundles whole, and `cp -a` of the new set. Options: the two
 * suites (bookworm trixie); versions two years apart are the usual pair, a later pair of suites is a smaller step.
 */
import { appendFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { ActivitiesUpdated } from '../src/activities/update-activities.ts';
import { formatBytes } from '../src/base/units.ts';
import { activitySet, type TestBundle } from './activity-set.ts';
import { changeOf, type SetChange } from './bundle-change.ts';
import { type Measured, measure, run } from './measure.ts';
import { freePort, loopback, startServer, urlOf } from './servers.ts';
import { median } from './statistics.ts';
import { openWorkspace } from './workspace.ts';

const checkout = join(import.meta.dirname, '..');
const [from = 'bookworm', to = 'trixie'] = process.argv.slice(2);
const rounds = 3;

/** The goal: so much of what downloading the changed bundles whole takes. */
const goal = 0.25;

const program = join(checkout, 'satchel');
const satchel = (...parameters: string[]) => run({ program, parameters });

/** One update, and `cp -a` of the same. */
type Round = { readonly update: Measured; readonly done: ActivitiesUpdated; readonly copy: Measured };

/** A served repository with the first versions, and one more folder for what is made. */
async function measureSet(root: string, set: readonly TestBundle[]): Promise<readonly Round[]> {
  const at = (name: string) => join(root, name);
  mkdirSync(at('tree'));
  writeFileSync(at('tree/file'), 'the OS');
  const first = JSON.parse(await satchel('init', '--json', '--repo', at('repository'))) as {
    rootSha256: string;
  };
  await satchel('publish', '--repo', at('repository'), '--name', 'os-1', at('tree'));
  await publish(at('repository'), set, 0);
  const port = await freePort();
  const words = ['serve', '--repo', at('repository'), '--listen', `127.0.0.1:${port}`];
  const server = await startServer(loopback, port, { program, parameters: words });
  try {
    const source = ['--source', urlOf(server.at), '--trust', first.rootSha256];
    await satchel('device', 'init', '--root', at('device'), ...source);
    for (let round = 0; round < rounds; round += 1) {
      mkdirSync(at(`home-${round}`));
      await update(at('device'), at(`home-${round}`));
    }
    await publish(at('repository'), set, 1);
    const done: Round[] = [];
    for (let round = 0; round < rounds; round += 1) done.push(await measureRound(root, round));
    return done;
  } finally {
    await server.stop();
  }
}

async function measureRound(root: string, round: number): Promise<Round> {
  const home = join(root, `home-${round}`);
  await run({ program: 'sync', parameters: [] });
  const result = await update(join(root, 'device'), home);
  const script = 'cp -a "$1" "$2" && sync -f "$2"';
  const words = ['-c', script, 'sh', join(home, 'Activities'), join(root, `copy-${round}`)];
  await run({ program: 'sync', parameters: [] });
  return { ...result, copy: await measure({ program: 'sh', parameters: words }) };
}

function publish(repository: string, set: readonly TestBundle[], version: 0 | 1): Promise<string> {
  return satchel('activity', 'publish', '--repo', repository, ...set.map(({ files }) => files[version]));
}

async function update(root: string, home: string) {
  const parameters = ['activities', 'update', '--json', '--root', root, '--home', home];
  const measured = await measure({ program, parameters });
  return { update: measured, done: JSON.parse(measured.output) as ActivitiesUpdated };
}

function describe(set: readonly TestBundle[], change: SetChange, results: readonly Round[]): string[] {
  const [{ done, update }] = results as [Round];
  const whole = set.reduce((sum, { files }) => sum + statSync(files[1]).size, 0);
  const share = (bytes: number) => `${((100 * bytes) / whole).toFixed(1)} %`;
  const wall = median(results.map((each) => each.update.wall));
  const copy = median(results.map((each) => each.copy.wall));
  const rows: readonly (readonly [string, string, string])[] = [
    ['bundles that changed', `${done.updated.length}`, ''],
    ['downloading them whole', formatBytes(whole), '100 %'],
    ['received by the update', formatBytes(done.bytesReceived), share(done.bytesReceived)],
    ['of it content', formatBytes(done.plan?.bytes ?? 0), share(done.plan?.bytes ?? 0)],
    ['bundles by deltas', `${done.plan?.byDelta ?? 0}`, ''],
    ['requests', `${done.requests}`, ''],
    ['goal', formatBytes(whole * goal), share(whole * goal)],
    ['seconds of the update', wall.toFixed(2), `${(wall / copy).toFixed(1)} × cp -a`],
    ['its CPU seconds', median(results.map((each) => each.update.cpu)).toFixed(2), ''],
    ['seconds of cp -a and sync', copy.toFixed(2), ''],
    ['its CPU seconds', median(results.map((each) => each.copy.cpu)).toFixed(2), ''],
    ['its largest process', formatBytes(Math.max(...results.map((each) => each.update.peak))), ''],
    ['written by it', formatBytes(update.written), ''],
    ['files of the new set', `${change.files}`, formatBytes(change.bytes)],
    ['of them new content', `${change.newFiles}`, formatBytes(change.newBytes)],
  ];
  return [
    `activities, ${from} to ${to}; ${rounds} rounds, medians; ${availableParallelism()} processors`,
    ...rows.map(([name, value, note]) => `${name.padEnd(28)}${value.padStart(12)}  ${note}`.trimEnd()),
    '',
    'new content by bundle (uncompressed; of how much), and by kind of file',
    ...change.lines.map((line) => `  ${line}`),
    `${done.bytesReceived <= whole * goal ? 'met' : 'MISSED'}: at most 25 % of downloading the changed bundles whole`,
  ];
}

const workspace = openWorkspace(checkout);
try {
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const set = await activitySet([from, to], say);
  say(`measuring ${set.length} bundles`);
  const results = await measureSet(workspace.root, set);
  const text = `${describe(set, changeOf(workspace.root, set), results).join('\n')}\n`;
  process.stdout.write(text);
  if (process.env.SATCHEL_BENCH_LOG) appendFileSync(process.env.SATCHEL_BENCH_LOG, text);
} finally {
  await workspace.remove();
}
