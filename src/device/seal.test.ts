/** Sealing where the file system cannot, and everything around it; that it works is shown by a machine that boots. */
import assert from 'node:assert/strict';
import { linkSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { MessageCode } from '../base/catalogue.ts';
import { isSatchelError } from '../base/errors.ts';
import { type Reporter, silentReporter } from '../base/progress.ts';
import { isSealed, whyNotSealable } from '../os/verity.ts';
import { emptyDevice, type InstalledFixture, installVersion } from './device.fixture.ts';
import { readInstalled, writeInstalled } from './installed.ts';
import { type DeviceLayout, recordFile } from './layout.ts';
import { costOfSealing, sealAgain, sealVersion } from './seal.ts';
import { verifyTree } from './verify.ts';

type Given = InstalledFixture & { layout: DeviceLayout };

async function installed(context: TestContext): Promise<Given> {
  const layout = emptyDevice(context);
  const version = await installVersion(layout, 'one', {
    bin: { directory: true },
    'bin/first': 'shared',
    'bin/second': { link: 'bin/first' },
    empty: '',
    large: { content: Buffer.alloc(2 * 1024 * 1024, 'large') },
    link: { symlink: 'large' },
  });
  return { ...version, layout };
}

function bootedBy({ layout }: Given, facts: string): void {
  mkdirSync(dirname(layout.bootFacts), { recursive: true });
  writeFileSync(layout.bootFacts, facts);
}

const seal = ({ layout, name }: Given) =>
  sealVersion({ layout, name, full: true, clock: () => 0, reporter: silentReporter });

const isRefused = (code: MessageCode) => (error: unknown) => isSatchelError(error, code);

/** Collects the codes of what is said. */
function listening(): Reporter & { readonly said: string[] } {
  const said: string[] = [];
  return { ...silentReporter, said, notice: (code) => said.push(code) };
}

test('a file system that cannot seal is told, and nothing has changed', async (context) => {
  const given = await installed(context);
  const { layout, name, tree } = given;
  bootedBy(given, 'build=one\nmode=overlay\n');
  const record = readFileSync(recordFile(layout, name), 'utf8');
  const why = whyNotSealable(layout.stage);
  if (why !== undefined) {
    await assert.rejects(seal(given), isRefused('seal-unsupported'));
    assert.equal(readFileSync(recordFile(layout, name), 'utf8'), record);
  } else {
    const { seals, damaged } = await seal(given);
    assert.deepEqual([seals, damaged], [{ files: 2, sealed: 2, added: 2, busy: [] }, []]);
  }
  assert.equal(isSealed(join(tree, 'large')), why === undefined);
  assert.deepEqual(readdirSync(layout.stage), []);
});

test('only what lies below an overlay is sealed', async (context) => {
  const given = await installed(context);
  await assert.rejects(seal(given), isRefused('seal-boot-unknown'));
  bootedBy(given, 'build=one\nmode=reflink\n');
  await assert.rejects(seal(given), isRefused('seal-not-overlay'));
  bootedBy(given, 'build=one\nmode=overlay\n');
  writeFileSync(given.layout.bootSettings, 'adapter=olpc\nmode=hardlink\n');
  await assert.rejects(seal(given), isRefused('seal-not-overlay'));
});

test('files that a running tree has by hard links are not sealed', async (context) => {
  const given = await installed(context);
  writeFileSync(given.layout.bootSettings, 'adapter=olpc\nmode=overlay\n');
  const clone = join(given.layout.run, 'old');
  mkdirSync(join(clone, 'bin'), { recursive: true });
  linkSync(join(given.tree, 'bin/first'), join(clone, 'bin/first'));
  await assert.rejects(seal(given), isRefused('seal-shared'));
});

test('what sealing takes counts every inode once and leaves empty files out', async (context) => {
  const { tree, entries } = await installed(context);
  const { files, bytes } = costOfSealing(tree, entries as never);
  assert.equal(files, 2);
  // 512 blocks of the large file have four blocks of hashes and one above them.
  assert.ok(bytes === 5 * 4096 + 2 * 4096 || bytes === 3 * (5 * 4096 + 2 * 512), String(bytes));
});

test('a sealed version that has lost its seals is read and said, and is no less right', async (context) => {
  const { layout, name } = await installed(context);
  writeInstalled(layout, { ...readInstalled(layout, name)!, sealedAt: '2026-01-01T00:00:00.000Z' });
  const reporter = listening();
  const found = await verifyTree({ layout, name, full: false, reporter });
  assert.deepEqual(found.seals, { files: 2, sealed: 0, added: 0, busy: [] });
  assert.deepEqual([found.damaged, found.filesRead], [[], 2]);
  assert.deepEqual(reporter.said, ['seal-missing']);
});

test('after a repair only a sealed version is sealed again, and what is in the way is only said', async (context) => {
  const given = await installed(context);
  const { layout, name } = given;
  const reporter = listening();
  await sealAgain({ layout, name, full: false, reporter });
  assert.deepEqual(reporter.said, []);
  writeInstalled(layout, { ...readInstalled(layout, name)!, sealedAt: '2026-01-01T00:00:00.000Z' });
  await sealAgain({ layout, name, full: false, reporter });
  assert.deepEqual(reporter.said, ['repair-not-sealed']);
});
