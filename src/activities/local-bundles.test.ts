/** What somebody has put into the folder of a site: one bad file must not take the others along. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { withZip64End, zipOf } from '../formats/zip.testkit.ts';
import { localBundles } from './local-bundles.ts';

const folder = mkdtempSync(join(tmpdir(), 'satchel-local-'));
after(() => rmSync(folder, { recursive: true }));

test('a file that is no sound bundle is named with the reason, and the others are offered', async () => {
  const info = '[Activity]\nname = Maze\nbundle_id = org.Maze\nactivity_version = 1\nexec = x\n';
  const good = zipOf([{ name: 'Maze.activity/activity/activity.info', content: info }]);
  mkdirSync(join(folder, 'more'));
  writeFileSync(join(folder, 'far.xo'), withZip64End(good, 2n ** 62n));
  writeFileSync(join(folder, 'text.xo'), 'no zip');
  writeFileSync(join(folder, 'more/z.xo'), good);
  const { bundles, refused } = await localBundles(folder)();
  assert.deepEqual(
    bundles.map(({ file }) => file),
    ['org.Maze-1.xo'],
  );
  const reasons = refused.map(({ path, reason }) => [basename(path), / is no whole zip file: /.test(reason)]);
  assert.deepEqual(reasons.toSorted(), [
    ['far.xo', true],
    ['text.xo', true],
  ]);
});
