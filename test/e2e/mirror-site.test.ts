/** A site that mirrors, keeps within its budget and answers its operator, with real processes. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { siteLayout } from '../../src/site/layout.ts';
import { readSiteSettings, writeSiteSettings } from '../../src/site/settings.ts';
import { done, type RunningServer, refused, satchel, serve } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';

type Item = { readonly build: string; readonly security: boolean; readonly refusal: string | null };
type Plan = { readonly items: readonly Item[]; readonly complete: readonly string[]; readonly bytes: number };
type Mirrored = {
  readonly builds: readonly { readonly build: string; readonly result: string }[];
  readonly bytes: number;
  readonly seconds: number;
};

/** Mirrors; unlike `done` it shows what came of it when that is not right. */
async function sync(...words: string[]): Promise<Mirrored> {
  const { code, stdout, stderr } = await satchel(['site', 'sync', '--repo', site, '--json', ...words]);
  assert.equal(code, 0, `${stdout}\n${stderr}`);
  return JSON.parse(stdout);
}

const scratch = scratchFolder('mirror-site');
const origin = scratch.file('origin');
const site = scratch.file('site');
let server: RunningServer;

async function publish(name: string, ...words: string[]): Promise<void> {
  const tree = scratch.file('trees', name);
  mkdirSync(tree, { recursive: true });
  writeFileSync(`${tree}/same`, Buffer.alloc(100_000, 7));
  writeFileSync(`${tree}/own`, randomBytes(200_000));
  await done(['publish', '--repo', origin, '--name', name, ...words, tree]);
}

before(async () => {
  await done(['init', '--repo', origin]);
  await publish('b1');
  server = await serve(origin);
  await done(['site', 'join', server.url, '--repo', site, '--trust-on-first-use']);
});

after(async () => {
  await server.stop();
  scratch.remove();
});

test('a site is planned, mirrored, and complete', async () => {
  assert.deepEqual((await done<Plan>(['site', 'plan', '--repo', site])).items, []);
  await done(['site', 'set', '--repo', site, '--follow', 'stable', '--reserve', '0']);
  const plan = await done<Plan>(['site', 'plan', '--repo', site]);
  assert.deepEqual(
    plan.items.map(({ build, refusal }) => [build, refusal]),
    [['b1', null]],
  );
  assert.ok(plan.bytes > 200_000 && plan.bytes < 250_000, `${plan.bytes} bytes`);
  const mirrored = await sync();
  assert.deepEqual(
    mirrored.builds.map(({ build, result }) => [build, result]),
    [['b1', 'complete']],
  );
  assert.ok(Math.abs(mirrored.bytes - plan.bytes) < 5000);
  assert.deepEqual((await done<Plan>(['site', 'plan', '--repo', site])).complete, ['b1']);
  const { damaged } = await done<{ damaged: unknown[] }>(['fsck', '--repo', site]);
  assert.deepEqual(damaged, []);
});

test('outside of the hours only a security build comes; the process that serves the site does the work', async () => {
  await done([
    'site',
    'set',
    '--repo',
    site,
    '--hours',
    '00:00-00:01',
    '--days',
    'mon',
    '--limit-rate',
    '200kB',
  ]);
  const running = await serve(site);
  try {
    await publish('b2');
    const waiting = await satchel(['site', 'sync', '--repo', site]);
    assert.match(waiting.stdout, /^b2 waits/);
    assert.equal(waiting.code, 0);
    const now = await sync('--now');
    assert.deepEqual(
      now.builds.map(({ build, result }) => [build, result]),
      [['b2', 'complete']],
    );
    assert.ok(now.seconds > 0.5, 'the rate holds all the same');
    await publish('b3', '--security', '--notes', 'mends a hole');
    const [item] = (await done<Plan>(['site', 'plan', '--repo', site])).items;
    assert.deepEqual([item?.build, item?.security], ['b3', true]);
    const mended = await sync();
    assert.deepEqual(
      mended.builds.map(({ build, result }) => [build, result]),
      [['b3', 'complete']],
    );
  } finally {
    await running.stop();
  }
});

test('over the budget the oldest goes, a pinned build and the head stay, and the log says why', async () => {
  await done(['pin', 'b1', '--repo', site]);
  const { pins } = await done<{ pins: { build: string }[] }>(['pin', '--list', '--repo', site]);
  assert.deepEqual(
    pins.map(({ build }) => build),
    ['b1'],
  );
  // No operator may set so little.
  assert.equal(
    (await refused(['site', 'set', '--repo', site, '--budget', '600kB'])).code,
    'site-budget-too-small',
  );
  const layout = siteLayout(site);
  writeSiteSettings(layout, { ...readSiteSettings(layout), budget: 600_000 });
  const { builds } = await done<{ builds: { build: string }[] }>(['site', 'gc', '--repo', site]);
  assert.deepEqual(
    builds.map(({ build }) => build),
    ['b2'],
  );
  const lines = readFileSync(`${site}.site/log.jsonl`, 'utf8').trim().split('\n');
  const evicted = lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'build-evicted');
  assert.deepEqual(
    evicted.map(({ build, why }) => [build, why]),
    [['b2', 'budget']],
  );
  assert.deepEqual((await done<Plan>(['site', 'plan', '--repo', site])).complete, ['b3']);
  await done(['pin', 'b1', '--remove', '--repo', site]);
  assert.equal(existsSync(`${site}.site/pins/b1`), false);
});

test('what cannot be is refused with a sentence', async () => {
  assert.equal((await refused(['pin', 'absent', '--repo', site])).code, 'build-not-found');
  assert.equal((await refused(['pin', 'b1', '--repo', origin])).code, 'site-not-joined');
  assert.equal((await refused(['site', 'sync', '--repo', origin])).code, 'site-not-joined');
  assert.equal((await refused(['site', 'plan', '--repo', origin])).code, 'site-plan-needs-build');
  assert.equal((await refused(['site', 'plan', 'absent', '--repo', origin])).code, 'build-not-found');
  await done(['site', 'set', '--repo', site, '--hours', 'always', '--days', 'always', '--month', '1kB']);
  await publish('b4');
  const spent = await satchel(['site', 'sync', '--repo', site]);
  assert.equal(spent.code, 4, spent.stderr);
});

test('the origin is told what a build costs its sites', async () => {
  type Price = { sites: { from: string | null; everything: { bytes: number } }[] };
  const { sites } = await done<Price>(['site', 'plan', 'b4', '--repo', origin]);
  assert.deepEqual(
    sites.map(({ from }) => from),
    ['b3', null],
  );
  const [known, nothing] = sites.map(({ everything }) => everything.bytes);
  assert.ok(known! > 200_000 && known! < 250_000, `${known} bytes`);
  // What both builds have lies in a frame with what only the first one has.
  assert.ok(nothing! > known! && nothing! < 450_000, `${nothing} bytes`);
});
