import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { streamName } from '../base/identifiers.ts';
import { silentReporter } from '../base/progress.ts';
import type { Evicted } from './evict-carry-out.ts';
import { type SiteFixture, siteFixture } from './mirror.fixture.ts';
import { askServer, listenForRequests } from './mirror-control.ts';
import type { MirrorResult } from './mirror-run.ts';
import { type Mirror, type ScheduledSite, startMirror } from './mirror-schedule.ts';
import type { MirrorPlan } from './mirror-types.ts';
import { controlOf } from './site-control.ts';

type Started = {
  readonly fixture: SiteFixture;
  readonly mirror: Mirror;
  readonly failures: unknown[];
  /** One entry for each time that somebody asked to write down what the site has. */
  readonly told: string[];
  /** Resolves with the milliseconds of the next rest; call the answer to end it. */
  rest(): Promise<{ readonly milliseconds: number; readonly end: () => void }>;
};

/** A site that mirrors one stream of one build by itself, and rests until the test ends the rest. */
async function started(context: TestContext, changes: Partial<ScheduledSite> = {}): Promise<Started> {
  const fixture = await siteFixture(context);
  await fixture.publish('b1', { own: randomBytes(30_000) });
  fixture.state.settings = { ...fixture.state.settings, follow: [streamName('stable')] };
  const failures: unknown[] = [];
  const rests: { milliseconds: number; end: () => void }[] = [];
  const waiting: ((rest: { milliseconds: number; end: () => void }) => void)[] = [];
  const site: ScheduledSite = {
    ...fixture.site,
    refresh: async () => fixture.refresh(),
    untilTry: async () => undefined,
    onFailure: (error) => failures.push(error),
    ...changes,
  };
  const sleep = (milliseconds: number, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
      const rest = { milliseconds, end: resolve };
      const next = waiting.shift();
      if (next === undefined) rests.push(rest);
      else next(rest);
    });
  const mirror = startMirror(site, { sleep });
  const told: string[] = [];
  const { layout, evictor } = fixture;
  const controlled = { layout, evictor, mirrorSite: site, mirror: () => mirror };
  const stop = await listenForRequests(
    layout,
    controlOf({ ...controlled, tell: async () => void told.push('told') }),
  );
  context.after(async () => {
    await stop();
    await mirror.close();
  });
  const rest = async () =>
    rests.shift() ?? (await new Promise<(typeof rests)[number]>((done) => waiting.push(done)));
  return { fixture, mirror, failures, told, rest };
}

test('a site that is served mirrors by itself, and again when there is news', async (context) => {
  const { fixture, mirror, rest } = await started(context);
  await rest();
  assert.equal(mirror.state().last?.result.builds[0]?.result, 'complete');
  assert.equal(mirror.state().phase, 'resting');
  await fixture.publish('b2', { own: randomBytes(30_000) });
  mirror.wake();
  await rest();
  assert.deepEqual(
    mirror.state().last?.result.builds.map(({ build }) => build),
    ['b2'],
  );
});

test('a site that follows nothing asks for news by itself where laptops get leases', async (context) => {
  let asked = 0;
  const refresh = async () => {
    asked += 1;
  };
  const { fixture, mirror, rest } = await started(context, { refresh });
  await rest();
  fixture.state.settings = { ...fixture.state.settings, follow: [] };
  asked = 0;
  mirror.wake();
  await rest();
  assert.equal(asked, 0);
  mkdirSync(fixture.layout.leases, { recursive: true });
  mirror.wake();
  await rest();
  assert.equal(asked, 1);
});

test('a setting that changes ends the rest', async (context) => {
  const { fixture, mirror, rest } = await started(context);
  const first = await rest();
  assert.equal(first.milliseconds, 30_000);
  await fixture.publish('b2', { own: 'x' }, { streams: ['testing'] });
  fixture.state.settings = { ...fixture.state.settings, follow: ['stable', 'testing'].map(streamName) };
  first.end();
  await rest();
  assert.deepEqual(
    mirror.state().last?.result.builds.map(({ build }) => build),
    ['b2'],
  );
});

test('a dead upstream is waited for longer each time, and what went wrong is told', async (context) => {
  const down = new SatchelError('store-unreachable', { location: 'x', reason: 'y' });
  const { mirror, failures, rest } = await started(context, {
    refresh: async () => {
      throw down;
    },
  });
  const lengths: number[] = [];
  for (let round = 0; round < 4; round += 1) {
    const next = await rest();
    lengths.push(next.milliseconds);
    next.end();
  }
  // The third and the fourth rest are one: it is looked in between whether something was changed.
  assert.deepEqual(lengths, [5000, 10_000, 20_000, 30_000]);
  assert.equal(mirror.state().failure?.code, 'store-unreachable');
  assert.ok(failures.length >= 4);
});

test('a build that fails for its own reasons rests while the others go on', async (context) => {
  const { fixture, mirror, rest } = await started(context, {
    refresh: async () => undefined,
  });
  await rest();
  assert.equal(mirror.state().failure?.code, 'repository-absent');
  fixture.refresh();
  const [index] = await Array.fromAsync(fixture.origin.list('indexes/'));
  fixture.state.failure = {
    name: index!.name,
    error: new SatchelError('store-not-found', { location: 'x', name: 'y' }),
  };
  mirror.wake();
  await rest();
  assert.deepEqual(
    mirror.state().last?.result.builds.map(({ result }) => result),
    ['failed'],
  );
  fixture.state.failure = undefined;
  mirror.wake();
  await rest();
  assert.deepEqual(mirror.state().last?.result.builds, []);
  fixture.state.now += 3_700_000;
  mirror.wake();
  await rest();
  assert.deepEqual(
    mirror.state().last?.result.builds.map(({ result }) => result),
    ['complete'],
  );
});

test('commands ask the process that serves the site', async (context) => {
  const { fixture, rest } = await started(context);
  const { layout } = fixture;
  await rest();
  await fixture.publish('b2', { own: randomBytes(30_000) });
  const signal = new AbortController().signal;
  const how = { signal, reporter: silentReporter };
  const plan = await askServer<MirrorPlan>(layout, { do: 'plan', deltasOnly: false }, how);
  assert.deepEqual(
    plan?.result.items.map(({ build }) => build),
    ['b2'],
  );
  const steps: number[] = [];
  const reporter = { ...silentReporter, progress: ({ done }: { done: number }) => steps.push(done) };
  const ran = await askServer<MirrorResult>(
    layout,
    { do: 'sync', now: true, deltasOnly: false },
    { signal, reporter },
  );
  assert.deepEqual(
    ran?.result.builds.map(({ build, result }) => [build, result]),
    [['b2', 'complete']],
  );
  assert.ok(steps.length > 0);
  const collected = await askServer<Evicted>(layout, { do: 'gc' }, how);
  assert.deepEqual(collected?.result.builds, []);
});

test('what a stick needs of the process that serves the site is no mirroring', async (context) => {
  const { fixture, mirror, told, rest } = await started(context);
  await rest();
  const { layout, state } = fixture;
  const before = mirror.state().last;
  await fixture.publish('b2', { own: randomBytes(30_000) });
  state.failure = {
    name: '',
    error: new SatchelError('site-upstream-down', { upstream: 'x', retryAfter: 1 }),
  };
  const how = { signal: new AbortController().signal, reporter: silentReporter };
  assert.deepEqual(await askServer(layout, { do: 'room', bytes: 1000 }, how), { result: {} });
  assert.deepEqual(await askServer(layout, { do: 'tell' }, how), { result: {} });
  assert.deepEqual(told, ['told']);
  assert.equal(mirror.state().last, before);
  await assert.rejects(askServer(layout, { do: 'room', bytes: 1e15 }, how), (error) =>
    isSatchelError(error, 'site-budget-full', 'site-disk-reserved'),
  );
});

test('who goes away cancels what he asked for, and a failure is told with its code', async (context) => {
  const { fixture, mirror, rest } = await started(context);
  await rest();
  await fixture.publish('b2', { own: randomBytes(30_000) });
  fixture.state.settings = { ...fixture.state.settings, bytesPerSecond: 1 };
  const abort = new AbortController();
  const asked = askServer(
    fixture.layout,
    { do: 'sync', now: true, deltasOnly: false },
    { signal: abort.signal, reporter: silentReporter },
  );
  while (mirror.state().phase !== 'fetching') await new Promise(setImmediate);
  abort.abort();
  await assert.rejects(asked, (error) => isSatchelError(error, 'cancelled'));
  while (mirror.state().phase === 'fetching') await new Promise(setImmediate);
  fixture.state.settings = { ...fixture.state.settings, hours: 'nonsense' };
  const wrong = askServer(
    fixture.layout,
    { do: 'plan', deltasOnly: false },
    { signal: new AbortController().signal, reporter: silentReporter },
  );
  fixture.state.link = { bytesPerSecond: 1, roundTrip: 0 };
  await assert.rejects(wrong, (error) => isSatchelError(error, 'site-hours-not-understood'));
});

test('where nobody serves the site there is nobody to ask', async (context) => {
  const fixture = await siteFixture(context);
  const how = { signal: new AbortController().signal, reporter: silentReporter };
  assert.equal(await askServer(fixture.layout, { do: 'gc' }, how), undefined);
});
