import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { streamName } from '../base/identifiers.ts';
import { renameBuild } from '../repository/change-list.ts';
import { createMissing } from '../repository/delta-create.ts';
import { parseStreamRecord, recordBytes } from '../repository/records.ts';
import { emptyRepository, pair } from '../repository/repository.fixture.ts';
import { submitSigned } from '../trust/offline-signing.ts';
import { haltStream, resumeStream, withHalt } from './halt.ts';
import { keepHalts } from './keep-halts.ts';

const stable = streamName('stable');

async function repository(test: TestContext) {
  const fixture = await emptyRepository(test);
  await fixture.publish('one', { file: 'one' });
  return fixture;
}

test('a stream is halted and resumed, and says why and since when', async (context) => {
  const { context: publishing, catalog } = await repository(context);
  const before = await (await catalog()).stream(stable);
  const { changed, record } = await haltStream(publishing, stable, 'the sound is gone');
  assert.equal(changed, true);
  assert.equal(record.halted?.reason, 'the sound is gone');
  assert.match(record.halted.since, /^2026-01-15T12:00:\d\dZ$/);
  assert.deepEqual(await (await catalog()).stream(stable), record);
  assert.deepEqual(await resumeStream(publishing, stable), { changed: true, record: before });
  assert.deepEqual(await (await catalog()).stream(stable), before);
});

test('halting again keeps since when, and the reason unless there is a new one', async (context) => {
  const { context: publishing, catalog } = await repository(context);
  const { record } = await haltStream(publishing, stable, 'first');
  assert.deepEqual(await haltStream(publishing, stable, undefined), { changed: false, record });
  const version = (await catalog()).metadata.timestamp.signed.version;
  await haltStream(publishing, stable, 'first');
  assert.equal((await catalog()).metadata.timestamp.signed.version, version, 'nothing was published');
  const second = await haltStream(publishing, stable, 'second');
  assert.deepEqual(second.record.halted, { reason: 'second', since: record.halted?.since });
});

test('what is not halted is not resumed, and a stream that is not there is said', async (context) => {
  const { context: publishing } = await repository(context);
  assert.equal((await resumeStream(publishing, stable)).changed, false);
  for (const change of [
    () => haltStream(publishing, streamName('none-such'), undefined),
    () => resumeStream(publishing, streamName('none-such')),
  ])
    await assert.rejects(change(), (error) => isSatchelError(error, 'stream-not-found'));
});

test('a halt outlives a new build, deltas and another name', async (context) => {
  const fixture = await repository(context);
  const { halted } = (await haltStream(fixture.context, stable, 'wait')).record;
  await fixture.publish('two', { file: 'two' });
  await createMissing(fixture.creation());
  await renameBuild(fixture.context, pair('two', 'x').from, pair('x', 'three').to);
  const record = await (await fixture.catalog()).stream(stable);
  assert.deepEqual([record.build.name, record.deltas.deltas.length, record.halted], ['three', 1, halted]);
});

test('what comes back from offline keys undoes neither a halt nor a resumption', async (context) => {
  for (const later of ['halted', 'resumed'] as const) {
    const fixture = await repository(context);
    if (later === 'resumed') await haltStream(fixture.context, stable, 'before');
    const { keys } = fixture.context;
    const online = {
      ...keys,
      load: (role: Parameters<typeof keys.load>[0]) => (role === 'builds' ? [] : keys.load(role)),
    };
    const { signingRequest } = await fixture.publish('two', { file: 'two' }, { keys: online });
    assert.ok(signingRequest);
    const expected =
      later === 'halted'
        ? (await haltStream(fixture.context, stable, 'meanwhile')).record.halted
        : (await resumeStream(fixture.context, stable)).record.halted;
    await submitSigned(fixture.context, signingRequest, keepHalts(fixture.context));
    const record = await (await fixture.catalog()).stream(stable);
    assert.deepEqual([record.build.name, record.halted], ['two', expected]);
  }
});

test('a halt in a record is checked like everything else', async (context) => {
  const { catalog } = await repository(context);
  const record = await (await catalog()).stream(stable);
  const since = '2026-01-15T12:00:00Z';
  const parse = (halted: unknown) =>
    parseStreamRecord(recordBytes({ ...record, halted } as typeof record), 'stable').record.halted;
  assert.deepEqual(parse({ reason: '', since }), { reason: '', since });
  assert.equal(parse(undefined), undefined);
  for (const wrong of [
    null,
    true,
    [],
    {},
    { reason: 7, since },
    { reason: 'x' },
    { reason: 'x', since: 'now' },
    { reason: 'x'.repeat(501), since },
  ])
    assert.throws(
      () => parse(wrong),
      (error) => isSatchelError(error, 'record-invalid'),
      JSON.stringify(wrong),
    );
  const halted = withHalt(record, { reason: 'x', since });
  assert.deepEqual(withHalt(halted, undefined), record);
});
