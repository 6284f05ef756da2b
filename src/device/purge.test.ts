import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { buildName } from '../base/identifiers.ts';
import { silentReporter } from '../base/progress.ts';
import { symlinkAtomic } from '../os/atomic-file.ts';
import { emptyDevice, installVersion } from './device.fixture.ts';
import { listVersions, readInstalled } from './installed.ts';
import { writeJournal } from './journal.ts';
import { indexFile, ledgerFile } from './layout.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import { purgeVersions, reclaimAlternate, reclaimable } from './purge.ts';
import { collectTrash, emptyTrash } from './trash.ts';
import { writeTrial } from './trial.ts';
import { appendBootLog } from './trial-log.ts';

async function deviceWith(context: TestContext, ...names: string[]) {
  const layout = emptyDevice(context);
  const installed = new Map<string, Awaited<ReturnType<typeof installVersion>>>();
  for (const name of names) {
    installed.set(name, await installVersion(layout, name, { file: `content of ${name}` }));
    mkdirSync(join(layout.run, name));
    writeFileSync(join(layout.contents, name), '');
  }
  const boot = openBootPointer(layout);
  const versions = () => listVersions(layout).map(({ name }) => String(name));
  return { layout, boot, versions, installed };
}

test('current, alternate, running and sticky versions stay, others go with all that is about them', async (context) => {
  const given = await deviceWith(context, 'alternate', 'current', 'old', 'running', 'sticky');
  const { layout, boot, installed } = given;
  boot.switchTo(buildName('current'), buildName('alternate'));
  symlinkAtomic('pristine/running', layout.running);
  writeFileSync(join(layout.sticky, 'sticky'), '');
  for (const junk of ['tmp.5', '.hidden']) mkdirSync(join(layout.pristine, junk));
  mkdirSync(join(layout.configs, 'cfg.unused'));
  mkdirSync(join(layout.stage, 'half'));
  const { removed, kept } = purgeVersions(layout);
  assert.deepEqual(removed, ['.hidden', 'old', 'tmp.5']);
  assert.deepEqual([...kept.keys()].sort(), ['alternate', 'current', 'running', 'sticky']);
  const stay = ['alternate', 'current', 'running', 'sticky'];
  for (const folder of [layout.pristine, layout.run, layout.contents, layout.ledgers])
    assert.deepEqual(readdirSync(folder).sort(), stay, folder);
  assert.deepEqual(
    readdirSync(layout.builds).sort(),
    stay.map((name) => `${name}.json`),
  );
  assert.equal(existsSync(indexFile(layout, installed.get('old')!.index)), false);
  assert.equal(existsSync(indexFile(layout, installed.get('sticky')!.index)), true);
  assert.equal(readdirSync(layout.configs).length, 1);
  assert.deepEqual(readdirSync(layout.stage), []);
  assert.equal(readdirSync(layout.trash).length, 3 + 1 + 1 + 1);
});

test('what boots have said goes with the version, but for the one that was left last', async (context) => {
  const { layout, boot } = await deviceWith(context, 'current', 'old', 'left');
  boot.switchTo(buildName('current'), buildName('old'));
  for (const name of ['current', 'old', 'left', 'gone']) appendBootLog(layout, buildName(name), ['x']);
  const since = '2026-03-02T08:00:00Z';
  const trial = {
    state: 'failed',
    reason: 'boots',
    tries: 3,
    boots: 3,
    since,
    soakSeconds: 0,
    told: false,
  } as const;
  writeTrial(layout, { build: buildName('left'), previous: buildName('current'), ...trial });
  purgeVersions(layout);
  assert.deepEqual(readdirSync(layout.bootLogs).sort(), ['current.log', 'left.log', 'old.log']);
});

test('nothing goes when the current version is sticky', async (context) => {
  const { layout, boot, versions } = await deviceWith(context, 'current', 'old');
  boot.switchTo(buildName('current'));
  writeFileSync(join(layout.sticky, 'current'), '');
  assert.deepEqual(purgeVersions(layout).removed, []);
  assert.deepEqual(versions(), ['current', 'old']);
});

test('nothing goes on a device that boots nothing yet', async (context) => {
  const { layout, versions } = await deviceWith(context, 'one', 'two');
  assert.deepEqual(purgeVersions(layout).removed, []);
  assert.deepEqual(versions(), ['one', 'two']);
});

test('the index of an update that has begun stays', async (context) => {
  const { layout, boot } = await deviceWith(context, 'current');
  boot.switchTo(buildName('current'));
  const wanted = 'ab'.repeat(32) as never;
  const unwanted = 'cd'.repeat(32) as never;
  for (const index of [wanted, unwanted]) writeFileSync(indexFile(layout, index), '');
  writeJournal(layout, { pending: { build: buildName('next'), index: wanted, since: 'now' } });
  purgeVersions(layout);
  assert.equal(existsSync(indexFile(layout, wanted)), true);
  assert.equal(existsSync(indexFile(layout, unwanted)), false);
});

test('reclaiming gives up the alternate version, its room and its place in the pointer', async (context) => {
  const { layout, boot, versions } = await deviceWith(context, 'current', 'old');
  boot.switchTo(buildName('current'), buildName('old'));
  const { bytes, inodes } = reclaimable(layout);
  assert.equal(inodes, 4, 'two folders, a file of the tree and the manifest');
  assert.ok(bytes > 0);
  reclaimAlternate(layout, silentReporter);
  assert.deepEqual(reclaimable(layout), { bytes: 0, inodes: 0 });
  assert.deepEqual(boot.read(), { current: 'current' });
  assert.deepEqual(versions(), ['current']);
  assert.equal(readInstalled(layout, buildName('old')), undefined);
  assert.equal(existsSync(ledgerFile(layout, buildName('old'))), false);
  assert.deepEqual(readdirSync(layout.trash), []);
});

for (const why of ['running', 'sticky'])
  test(`reclaiming spares an alternate version that is ${why}`, async (context) => {
    const { layout, boot, versions } = await deviceWith(context, 'current', 'old');
    boot.switchTo(buildName('current'), buildName('old'));
    if (why === 'running') symlinkAtomic('pristine/old', layout.running);
    else writeFileSync(join(layout.sticky, 'old'), '');
    assert.deepEqual(reclaimable(layout), { bytes: 0, inodes: 0 });
    reclaimAlternate(layout, silentReporter);
    assert.deepEqual(versions(), ['current', 'old']);
  });

test('the trash is emptied, and counted', async (context) => {
  const { layout, boot } = await deviceWith(context, 'current', 'old');
  boot.switchTo(buildName('current'));
  purgeVersions(layout);
  let files = 0;
  await emptyTrash(layout, {
    reporter: {
      notice() {},
      progress: ({ done }) => {
        files = done;
      },
    },
  });
  assert.deepEqual(readdirSync(layout.trash), []);
  assert.equal(files, 4, 'a tree, the file in it, an empty folder below run, a manifest');
});

test('a process of its own empties the trash', async (context) => {
  const { layout, boot } = await deviceWith(context, 'current', 'old');
  boot.switchTo(buildName('current'));
  purgeVersions(layout);
  const child = collectTrash(layout);
  assert.ok(child);
  await new Promise((resolve) => child.on('exit', resolve));
  assert.deepEqual(readdirSync(layout.trash), []);
  assert.equal(collectTrash(layout), undefined, 'no process for an empty trash');
});
