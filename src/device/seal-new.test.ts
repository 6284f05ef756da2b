/** Sealing what comes, where the file system cannot, and who decides it; that it is sealed is shown by a machine that boots. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { BuildName } from '../base/identifiers.ts';
import { type Reporter, silentReporter } from '../base/progress.ts';
import { isSealed, whyNotSealable } from '../os/verity.ts';
import { readConfiguration } from './configuration.ts';
import { configureDevice } from './configure.ts';
import { emptyDevice, installVersion } from './device.fixture.ts';
import { readInstalled } from './installed.ts';
import type { DeviceLayout } from './layout.ts';
import { isSealDue, sealFromNowOn, sealNew } from './seal-new.ts';

type Given = { readonly layout: DeviceLayout; readonly name: BuildName; readonly tree: string };

async function installed(context: TestContext, { mode = 'overlay' } = {}): Promise<Given> {
  const layout = emptyDevice(context);
  const { name, tree } = await installVersion(layout, 'one', { file: 'content' });
  mkdirSync(dirname(layout.bootFacts), { recursive: true });
  writeFileSync(layout.bootFacts, `build=one\nmode=${mode}\n`);
  return { layout, name, tree };
}

/** Seals what is due, and gives the codes of what is said. */
async function said({ layout, name }: Given): Promise<readonly string[]> {
  const codes: string[] = [];
  const reporter: Reporter = { ...silentReporter, notice: (code) => codes.push(code) };
  await sealNew({ layout, name, reporter, clock: () => 0 });
  return codes;
}

test('who seals a version once has those sealed that come, until an operator says otherwise', async (context) => {
  const { layout, name } = await installed(context);
  assert.equal(isSealDue(layout, name), false);
  assert.deepEqual([sealFromNowOn(layout), sealFromNowOn(layout)], [true, false]);
  assert.equal(isSealDue(layout, name), true);
  configureDevice(layout.root, { seal: false });
  assert.equal(isSealDue(layout, name), false);
  assert.equal(sealFromNowOn(layout), false, 'what an operator has said stays');
  configureDevice(layout.root, { reports: false });
  assert.equal(readConfiguration(layout)?.seal, false, 'another setting leaves it alone');
});

test('nothing is sealed where nobody has asked for it', async (context) => {
  const given = await installed(context);
  assert.deepEqual(await said(given), []);
  assert.equal(isSealed(join(given.tree, 'file')), false);
});

test('a file system that cannot seal is said, and stops no update', async (context) => {
  const given = await installed(context);
  const { layout, name, tree } = given;
  configureDevice(layout.root, { seal: true });
  const why = whyNotSealable(layout.stage);
  assert.deepEqual(await said(given), why === undefined ? [] : ['update-not-sealed']);
  assert.equal(isSealed(join(tree, 'file')), why === undefined);
  assert.equal(readInstalled(layout, name)?.sealedAt === undefined, why !== undefined);
});

test('where versions do not run from an overlay that is said', async (context) => {
  const given = await installed(context, { mode: 'reflink' });
  configureDevice(given.layout.root, { seal: true });
  assert.deepEqual(await said(given), ['update-not-sealed']);
  assert.equal(isSealed(join(given.tree, 'file')), false);
});
