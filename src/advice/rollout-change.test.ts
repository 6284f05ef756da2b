/** What commands about rollouts do to the signed record of a stream. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { buildName, streamName } from '../base/identifiers.ts';
import { backTarget, parseBackPermit } from '../repository/back-record.ts';
import { emptyRepository } from '../repository/repository.fixture.ts';
import { submitSigned } from '../trust/offline-signing.ts';
import { haltStream, resumeStream } from './halt.ts';
import { keepHalts } from './keep-halts.ts';
import { goBack } from './rollout-back.ts';
import { pauseRollout, resumeRollout } from './rollout-pause.ts';
import { makeRollout, newSalt } from './rollout-plan.ts';
import { startableStream, startRollout } from './rollout-start.ts';

const stable = streamName('stable');
const fleet = { devices: [], sites: [] };
const steps = [
  { share: 100, after: 0 },
  { share: 10_000, after: 3600 },
];

const rules =
  (salt = newSalt()) =>
  (began: number) =>
    makeRollout({ steps }, { salt, began, fleet });

async function repository(test: TestContext) {
  const fixture = await emptyRepository(test);
  await fixture.publish('one', { file: 'one' });
  await fixture.publish('two', { file: 'two' });
  const { keys } = fixture.context;
  const online = {
    ...keys,
    load: (role: Parameters<typeof keys.load>[0]) => (role === 'builds' ? [] : keys.load(role)),
  };
  return {
    ...fixture,
    /** Without the keys that sign builds. */
    online: { ...fixture.context, keys: online },
    stream: async () => (await fixture.catalog()).stream(stable),
  };
}

test('a rollout begins with its first record, and is paused and goes on where it was', async (context) => {
  const { context: publishing, stream } = await repository(context);
  await startRollout(publishing, { stream: stable, rollout: rules() });
  const { rollout: before, build } = await stream();
  assert.equal(build.name, 'two');
  const began = Date.parse(before!.began);
  assert.ok(publishing.clock() - began < 60_000);
  const { record } = await pauseRollout(publishing, stable, 'look first');
  const { paused } = record.rollout!;
  assert.equal(paused?.reason, 'look first');
  assert.equal((await pauseRollout(publishing, stable, undefined)).changed, false);
  assert.deepEqual((await pauseRollout(publishing, stable, 'other')).record.rollout?.paused, {
    ...{ reason: 'other', since: paused?.since },
  });
  const now = publishing.clock();
  const { record: going } = await resumeRollout(publishing, stable);
  const stood = Date.parse(going.rollout!.began) - began;
  const expected = now - Date.parse(paused!.since);
  assert.ok(stood >= expected && stood < expected + 60_000, `${stood} for ${expected}`);
  assert.equal(going.rollout?.paused, undefined);
  assert.equal((await resumeRollout(publishing, stable)).changed, false);
});

test('a halt ends with its rollout where it was, by either command', async (context) => {
  for (const resume of [resumeRollout, resumeStream]) {
    const { context: publishing, stream } = await repository(context);
    await startRollout(publishing, { stream: stable, rollout: rules() });
    const { rollout } = await stream();
    const { record } = await haltStream(publishing, stable, 'bad');
    assert.deepEqual(record.rollout, rollout);
    const { record: going } = await resume(publishing, stable);
    assert.equal(going.halted, undefined);
    assert.ok(Date.parse(going.rollout!.began) > Date.parse(rollout!.began));
  }
});

test('before the first build there is nothing to go back to', async (context) => {
  const fixture = await emptyRepository(context);
  await fixture.publish('one', { file: 'one' });
  await assert.rejects(goBack(fixture.context, { stream: stable, reason: '' }), (error) =>
    isSatchelError(error, 'rollout-nothing-before'),
  );
});

test('without a rollout there is nothing to pause', async (context) => {
  const { context: publishing } = await repository(context);
  for (const change of [
    () => pauseRollout(publishing, stable, undefined),
    () => resumeRollout(publishing, stable),
  ])
    await assert.rejects(change(), (error) => isSatchelError(error, 'rollout-absent'));
});

test('a build of another stream becomes the head by a rollout, an older one does not', async (context) => {
  const fixture = await repository(context);
  await fixture.publish('three', { file: 'three' }, { streams: ['testing'] });
  const { record } = await startRollout(fixture.context, {
    ...{ stream: stable, build: buildName('three'), rollout: rules() },
  });
  assert.deepEqual([record.build.name, record.previous], ['three', ['two', 'one']]);
  const older = { stream: stable, build: buildName('one') };
  await assert.rejects(startableStream(fixture.context, older), (error) =>
    isSatchelError(error, 'stream-goes-back'),
  );
  await assert.rejects(startRollout(fixture.context, { ...older, rollout: rules() }), (error) =>
    isSatchelError(error, 'stream-goes-back'),
  );
  await assert.rejects(
    startableStream(fixture.context, { stream: stable, build: buildName('none') }),
    (error) => isSatchelError(error, 'build-not-found'),
  );
});

test('going back makes the build before the head, with a permit that the next build takes away', async (context) => {
  const fixture = await repository(context);
  const { context: publishing, stream, catalog } = fixture;
  await startRollout(publishing, { stream: stable, rollout: rules() });
  await haltStream(publishing, stable, 'bad');
  const left = (await stream()).build.sequence;
  const went = await goBack(publishing, { stream: stable, reason: 'no sound' });
  assert.deepEqual([went.from, went.to, went.signingRequest], ['two', 'one', undefined]);
  const record = await stream();
  assert.deepEqual(
    [record.build.name, record.previous, record.halted, record.rollout, record.back?.reason],
    ['one', ['two'], undefined, undefined, 'no sound'],
  );
  const path = backTarget(stable);
  const permit = parseBackPermit((await (await catalog()).note('builds', path))!, path);
  assert.deepEqual([permit.from, permit.to.build], [left, 'one']);
  await assert.rejects(goBack(publishing, { stream: stable, reason: '' }), (error) =>
    isSatchelError(error, 'rollout-back-already'),
  );
  await assert.rejects(goBack(publishing, { stream: stable, build: buildName('two'), reason: '' }), (error) =>
    isSatchelError(error, 'rollout-not-back'),
  );
  await fixture.publish('three', { file: 'three' });
  assert.equal((await stream()).back, undefined);
  assert.equal(await (await catalog()).note('builds', path), undefined);
});

test('who goes back twice takes along whoever has not followed yet', async (context) => {
  const fixture = await repository(context);
  await fixture.publish('three', { file: 'three' });
  const { sequence } = (await fixture.stream()).build;
  await goBack(fixture.context, { stream: stable, reason: '' });
  const { to } = await goBack(fixture.context, { stream: stable, build: buildName('one'), reason: '' });
  assert.equal(to, 'one');
  const path = backTarget(stable);
  const permit = parseBackPermit((await (await fixture.catalog()).note('builds', path))!, path);
  assert.equal(permit.from, sequence);
});

test('who goes back past a waypoint is told, and finds it again by leading the stream there first', async (context) => {
  const fixture = await repository(context);
  const said: string[] = [];
  const reporter = { progress() {}, notice: (code: string) => void said.push(code) };
  await fixture.publish('way', { file: 'way' }, { waypoint: true });
  await fixture.publish('four', { file: 'four' });
  const to = (name: string) => ({ stream: stable, build: buildName(name), reason: '' });
  await goBack({ ...fixture.context, reporter }, to('way'));
  assert.deepEqual(said, []);
  await startRollout(fixture.context, { ...to('four'), rollout: rules() });
  await goBack({ ...fixture.context, reporter }, to('one'));
  assert.deepEqual([said, (await fixture.stream()).waypoints], [['rollout-back-waypoints'], undefined]);
  for (const name of ['way', 'four']) await startRollout(fixture.context, { ...to(name), rollout: rules() });
  assert.deepEqual(
    (await fixture.stream()).waypoints?.map(({ build }) => build),
    ['way'],
  );
});

test('without the offline key going back waits, and the stream is halted until it is signed', async (context) => {
  const { context: publishing, online, stream } = await repository(context);
  const { signingRequest } = await goBack(online, { stream: stable, reason: 'no sound' });
  assert.ok(signingRequest);
  assert.deepEqual([(await stream()).build.name, (await stream()).halted?.reason], ['two', 'no sound']);
  await submitSigned(publishing, signingRequest, keepHalts(publishing));
  assert.deepEqual([(await stream()).build.name, (await stream()).halted], ['one', undefined]);
});

test('a rollout that waited for a signature begins when it is published', async (context) => {
  const { online, context: publishing, publish, stream } = await repository(context);
  const salt = newSalt();
  const { signingRequest } = await publish(
    'three',
    { file: 'three' },
    { keys: online.keys, rollout: (_, began) => rules(salt)(began) },
  );
  assert.ok(signingRequest);
  assert.equal((await stream()).rollout, undefined);
  for (let waited = 0; waited < 100; waited += 1) publishing.clock();
  const before = publishing.clock();
  await submitSigned(publishing, signingRequest, keepHalts(publishing));
  const { build, rollout } = await stream();
  assert.deepEqual([build.name, rollout?.salt], ['three', salt]);
  assert.ok(Date.parse(rollout!.began) >= before);
});
