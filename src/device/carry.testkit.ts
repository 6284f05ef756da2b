/** For tests: a device with two versions, and changes in the first that are carried over to the second. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { displayOf } from '../base/byte-string.ts';
import type { MessageCode } from '../base/catalogue.ts';
import { silentReporter } from '../base/progress.ts';
import { describeTree } from '../formats/gnu-tar.testkit.ts';
import { prepareLayer } from './carry-over.ts';
import { emptyDevice, type InstalledFixture, installVersion, type PathSpec } from './device.fixture.ts';
import { layerOf } from './layers.ts';
import type { DeviceLayout } from './layout.ts';
import { readInLayer, runInLayer } from './local-overlay.testkit.ts';

type Paths = Readonly<Record<string, PathSpec>>;

/** A folder of a version. */
export const folder = { directory: true } as const;
/** What both versions have, unless it is said otherwise. */
export const base: Paths = {
  etc: folder,
  'etc/conf': 'one\ntwo\nthree\nfour\nfive\n',
  'etc/clash': 'one\n',
  'etc/mine-only': 'before\n',
  'etc/theirs-only': 'before\n',
  'etc/both-gone': 'x\n',
  'etc/d': folder,
  'etc/d/a': 'a\n',
  'etc/d/b': 'b\n',
  usr: folder,
  'usr/tool': { content: 'tool 1\n', mode: 0o755 },
  var: folder,
  'var/data': 'data\n',
};

/** A device with two versions; what was done in the first is carried over to the second. */
export async function carried(context: TestContext, script: string, next: Paths, more: { old?: Paths } = {}) {
  const layout = emptyDevice(context);
  const a = await installVersion(layout, 'a', { ...base, ...more.old });
  const b = await installVersion(layout, 'b', { ...base, ...more.old, ...next });
  runInLayer(layout, a, script);
  const before = describeTree(layerOf(layout, a.name).folder);
  const notices: string[] = [];
  const notice = (code: MessageCode) => void notices.push(code);
  const result = await prepareLayer({
    layout,
    from: a.name,
    to: b.name,
    reporter: { ...silentReporter, notice },
  });
  assert.ok(result);
  assert.deepEqual(describeTree(layerOf(layout, a.name).folder), before, 'the old layer is as it was');
  const outcomes = result.outcomes.map(({ path, outcome, beside }) =>
    [outcome, displayOf(path) || '.', ...(beside === undefined ? [] : [displayOf(beside)])].join(' '),
  );
  return { layout, a, b, outcomes, notices, look: (words: string) => readInLayer(layout, b, words) };
}

/** A device with two versions of which only a tool differs. */
export async function twoVersions(
  context: TestContext,
): Promise<{ layout: DeviceLayout; a: InstalledFixture; b: InstalledFixture }> {
  const layout = emptyDevice(context);
  const a = await installVersion(layout, 'a', base);
  const b = await installVersion(layout, 'b', { ...base, 'usr/tool': 'tool 2\n' });
  return { layout, a, b };
}
