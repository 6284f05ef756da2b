import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { streamName } from '../base/identifiers.ts';
import { emptyRepository } from '../repository/repository.fixture.ts';
import { isStolen, markStolen, parseStolen, readStolen, stolenBytes } from './stolen.ts';

test('laptops are marked and found again, and nobody else is meant', async (context) => {
  const { context: publishing, catalog, publish } = await emptyRepository(context);
  await publish('one', { file: 'one' });
  assert.equal(await readStolen(await catalog()), undefined);
  assert.equal(isStolen(undefined, 'SHC00000001'), false);
  const marked = await markStolen(publishing, ['SHC00000001', 'SHC00000002', 'SHC00000001'], {
    stolen: true,
  });
  assert.deepEqual(marked.changed, ['SHC00000001', 'SHC00000002']);
  const list = await readStolen(await catalog());
  assert.deepEqual(
    ['SHC00000001', 'SHC00000002', 'SHC00000003'].map((serial) => isStolen(list, serial)),
    [true, true, false],
  );
  const { salt } = list!;
  assert.deepEqual((await markStolen(publishing, ['SHC00000001'], { stolen: false })).changed, [
    'SHC00000001',
  ]);
  const after = await readStolen(await catalog());
  assert.deepEqual(
    [isStolen(after, 'SHC00000001'), isStolen(after, 'SHC00000002'), after?.salt],
    [false, true, salt],
  );
  assert.deepEqual((await catalog()).streamNames(), ['stable'], 'the list is no stream');
  assert.throws(
    () => streamName('_stolen'),
    (error) => isSatchelError(error, 'name-not-allowed'),
  );
});

test('nothing is published when all is as it was', async (context) => {
  const { context: publishing, catalog } = await emptyRepository(context);
  await markStolen(publishing, ['SHC00000001'], { stolen: true });
  const { version } = (await catalog()).metadata.timestamp.signed;
  assert.deepEqual((await markStolen(publishing, ['SHC00000001'], { stolen: true })).changed, []);
  assert.deepEqual((await markStolen(publishing, ['SHC00000009'], { stolen: false })).changed, []);
  assert.equal((await catalog()).metadata.timestamp.signed.version, version);
});

test('the list is written as it is read, and refused when it is another', () => {
  const list = {
    salt: '0123456789abcdef',
    devices: new Set(['f'.repeat(16), '0'.repeat(16)]),
    changed: '2026-01-15T12:00:00Z',
  };
  assert.deepEqual(parseStolen(stolenBytes(list)), list);
  const text = Buffer.from(stolenBytes(list)).toString();
  for (const wrong of [
    text.replace('"format":1', '"format":2'),
    text.replace('stolen', 'stream'),
    text.replace('0123456789abcdef', '0123'),
    text.replace('ffffffffffffffff', 'FFFFFFFFFFFFFFFF'),
    text.replace('"ffffffffffffffff"', '7'),
    text.slice(1),
    'null',
  ])
    assert.throws(
      () => parseStolen(Buffer.from(wrong)),
      (error) => isSatchelError(error, 'record-invalid', 'record-newer'),
      wrong,
    );
});
