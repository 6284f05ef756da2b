import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { byteString, byteStringFromText } from '../base/byte-string.ts';
import { isSatchelError } from '../base/errors.ts';
import { buildName, type Sha256 } from '../base/identifiers.ts';
import { emptyDevice, entriesFrom, installVersion } from './device.fixture.ts';
import { listVersions, readInstalled, readInstalledIndex } from './installed.ts';
import { readJournal, writeJournal } from './journal.ts';
import { owedFile, recordFile } from './layout.ts';
import { lockDevice } from './lock.ts';
import { carriedOwed, countOwed, readOwed, writeOwed } from './owed.ts';

const name = buildName('one');

test('the index of an installed version is read back', async (context) => {
  const layout = emptyDevice(context);
  const { entries, index } = await installVersion(layout, 'one', { file: 'content', link: { link: 'file' } });
  assert.deepEqual([...readInstalledIndex(layout, name)], entries);
  assert.equal(readInstalled(layout, name)?.index, index);
});

test('trees without a sound record are listed as incomplete', async (context) => {
  const layout = emptyDevice(context);
  await installVersion(layout, 'one', { file: 'content' });
  for (const other of ['another', 'tmp', '.hidden']) mkdirSync(join(layout.pristine, other));
  writeFileSync(recordFile(layout, buildName('another')), '{}');
  assert.deepEqual(
    listVersions(layout).map((version) => [version.name, version.record !== undefined]),
    [
      ['another', false],
      ['one', true],
      ['tmp', false],
    ],
  );
});

test('a record under the name of another version does not count', async (context) => {
  const layout = emptyDevice(context);
  const { index } = await installVersion(layout, 'one', { file: 'content' });
  const record = { format: 1, name: 'one', index, installedAt: 'x', size: 1, entries: 2 };
  writeFileSync(recordFile(layout, buildName('two')), JSON.stringify(record));
  assert.equal(readInstalled(layout, buildName('two')), undefined);
});

test('the journal comes back, and one that is damaged or newer is empty', (context) => {
  const layout = emptyDevice(context);
  assert.deepEqual(readJournal(layout), {});
  const journal = {
    pending: { build: name, index: 'ab'.repeat(32) as Sha256, since: '2020-01-01T00:00:00.000Z' },
    last: {
      build: name,
      from: buildName('zero'),
      result: 'failed' as const,
      code: 'disk-full',
      at: '2020-01-01T00:00:00.000Z',
      bytesReceived: 1,
      requests: 2,
      seconds: 3.5,
    },
  };
  writeJournal(layout, journal);
  assert.deepEqual(readJournal(layout), journal);
  for (const text of ['{', '{"format":9}', '{"format":1,"pending":{"build":"../x","index":"","since":""}}']) {
    writeFileSync(layout.journal, text);
    assert.deepEqual(readJournal(layout), {});
  }
});

test('what is owed comes back by path, also for names that are not UTF-8', (context) => {
  const layout = emptyDevice(context);
  const raw = byteString(Buffer.from([0x64, 0xff]));
  const accented = byteStringFromText('señal');
  assert.equal(countOwed(layout, name), 0);
  writeOwed(layout, name, [
    { path: raw, what: 'owner' },
    { path: accented, what: 'xattr' },
    { path: raw, what: 'mode' },
  ]);
  assert.deepEqual(
    [...readOwed(layout, name)],
    [
      [raw, new Set(['owner', 'mode'])],
      [accented, new Set(['xattr'])],
    ],
  );
  assert.equal(countOwed(layout, name), 2);
  const { entries } = entriesFrom({ other: 'x', señal: 'y' });
  const linked = [entries.findIndex(({ path }) => path === accented), 1];
  assert.deepEqual(carriedOwed(readOwed(layout, name), entries, linked), [{ path: accented, what: 'xattr' }]);
});

test('a damaged line of what is owed excuses nothing', (context) => {
  const layout = emptyDevice(context);
  writeFileSync(
    owedFile(layout, name),
    '{"path":"a","owed":["owner"]}\n{"path":\n[]\n{"path":"b","owed":["all"]}\n',
  );
  assert.deepEqual([...readOwed(layout, name)], [['a', new Set(['owner'])]]);
});

test('only one process at a time changes a device, and the other is told which', (context) => {
  const layout = emptyDevice(context);
  using lock = lockDevice(layout);
  assert.ok(lock);
  assert.throws(
    () => lockDevice(layout),
    (error) => isSatchelError(error, 'update-running') && error.parameters.process === process.pid,
  );
});
