import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { silentReporter } from '../base/progress.ts';
import { describeTree, needsRoot } from '../formats/gnu-tar.testkit.ts';
import { carried, twoVersions } from './carry.testkit.ts';
import { prepareLayer } from './carry-over.ts';
import { layerOf, readLayer } from './layers.ts';
import { readInLayer, runInLayer } from './local-overlay.testkit.ts';

test('what vanishes while it is carried over is left out', { skip: needsRoot }, async (context) => {
  const { layout, a, b } = await twoVersions(context);
  runInLayer(layout, a, 'echo x > var/x; echo y > var/y; mkdir var/z; echo z > var/z/z');
  const { upper } = layerOf(layout, a.name);
  const progress = ({ done }: { done: number }) => {
    // The first step is the top of the tree.
    if (done !== 1) return;
    rmSync(join(upper, 'var/y'));
    rmSync(join(upper, 'var/z'), { recursive: true });
  };
  await prepareLayer({ layout, from: a.name, to: b.name, reporter: { ...silentReporter, progress } });
  assert.equal(readInLayer(layout, b, 'find var'), 'var\nvar/data\nvar/x\nvar/z\n');
});

test('a folder that becomes a symlink meanwhile leads nobody to what only root may read', {
  skip: needsRoot,
}, async (context) => {
  const { layout, a, b } = await twoVersions(context);
  runInLayer(layout, a, 'mkdir -p var/user/etc; echo own > var/user/etc/secret; chown -R 1000:1000 var/user');
  const outside = join(layout.root, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'secret'), 'of root\n', { mode: 0o600 });
  const folder = join(layerOf(layout, a.name).upper, 'var/user/etc');
  for (const owner of [0, 1000]) {
    chownSync(join(outside, 'secret'), owner, owner);
    chmodSync(join(outside, 'secret'), owner === 0 ? 0o600 : 0o644);
    const progress = ({ done }: { done: number }) => {
      if (done !== 1) return;
      renameSync(folder, `${folder}.away`);
      symlinkSync(outside, folder);
    };
    await prepareLayer({ layout, from: a.name, to: b.name, reporter: { ...silentReporter, progress } });
    assert.equal(readInLayer(layout, b, 'find var/user/etc -type f'), '');
    rmSync(folder);
    renameSync(`${folder}.away`, folder);
  }
});

test('a layer that was never booted is made anew, one that was used stays', {
  skip: needsRoot,
}, async (context) => {
  const { layout, a, b } = await twoVersions(context);
  const carry = (more = {}) => prepareLayer({ layout, from: a.name, to: b.name, ...more });
  runInLayer(layout, a, 'echo 1 > var/count; echo gone > var/gone');
  await carry();
  assert.deepEqual(readLayer(layout, b.name), { index: b.index, used: false });
  runInLayer(layout, a, 'echo 2 > var/count; rm var/gone');
  await carry();
  assert.equal(readInLayer(layout, b, 'cat var/count; ls var'), '2\ncount\ndata\n');
  runInLayer(layout, b, 'echo 3 > var/count');
  assert.deepEqual(readLayer(layout, b.name), { index: b.index, used: true });
  runInLayer(layout, a, 'echo 4 > var/count');
  assert.equal(await carry(), undefined);
  assert.equal(readInLayer(layout, b, 'cat var/count'), '3\n');
  assert.ok(await carry({ evenIfUsed: true }));
  assert.equal(readInLayer(layout, b, 'cat var/count'), '4\n');
  assert.deepEqual(readdirSync(layout.layers).sort(), ['a', 'b']);
});

test('mounting alone is use, also when the mark of carrying over is still there', {
  skip: needsRoot,
}, async (context) => {
  const { layout, a, b } = await twoVersions(context);
  runInLayer(layout, a, 'echo 1 > var/count');
  await prepareLayer({ layout, from: a.name, to: b.name });
  const { carried: mark } = layerOf(layout, b.name);
  const text = readFileSync(mark);
  runInLayer(layout, b, ':');
  writeFileSync(mark, text);
  assert.equal(readLayer(layout, b.name)?.used, true);
});

test('a layer over another tree is never used and never carried over', {
  skip: needsRoot,
}, async (context) => {
  const { layout, a, b } = await twoVersions(context);
  runInLayer(layout, a, 'echo 1 > var/count');
  // Left by a version that had the name before.
  runInLayer(layout, { name: b.name, index: a.index }, 'echo old > var/old');
  assert.ok(await prepareLayer({ layout, from: a.name, to: b.name }));
  assert.equal(readInLayer(layout, b, 'ls var'), 'count\ndata\n');
  assert.equal(readFileSync(layerOf(layout, b.name).index, 'utf8'), `${b.index}\n`);
  writeFileSync(layerOf(layout, a.name).index, `${b.index}\n`);
  assert.equal(await prepareLayer({ layout, from: a.name, to: b.name }), undefined);
});

test('a dry run writes nothing; without a layer there is nothing to do', {
  skip: needsRoot,
}, async (context) => {
  const { layout, a, b } = await twoVersions(context);
  assert.equal(await prepareLayer({ layout, from: a.name, to: b.name }), undefined);
  runInLayer(layout, a, 'echo 1 > var/count');
  const result = await prepareLayer({ layout, from: a.name, to: b.name, dryRun: true });
  assert.deepEqual(result?.outcomes, [{ path: 'var/count', outcome: 'kept' }]);
  assert.deepEqual(readdirSync(layout.layers), ['a']);
});

test('cancelled, everything is as before', { skip: needsRoot }, async (context) => {
  const { layout, a, b } = await twoVersions(context);
  runInLayer(layout, a, 'head -c 3000000 /dev/urandom > var/large');
  await prepareLayer({ layout, from: a.name, to: b.name });
  const before = describeTree(layerOf(layout, b.name).folder);
  await assert.rejects(
    prepareLayer({ layout, from: a.name, to: b.name, signal: AbortSignal.abort() }),
    (error) => isSatchelError(error, 'cancelled'),
  );
  assert.deepEqual(describeTree(layerOf(layout, b.name).folder), before);
  assert.deepEqual(readdirSync(layout.layers).sort(), ['a', 'b']);
});

test('holes stay holes', { skip: needsRoot }, async (context) => {
  const { layout, b, look } = await carried(
    context,
    'truncate -s 50M var/lastlog; printf x | dd of=var/lastlog bs=1 seek=3000000 conv=notrunc 2>/dev/null',
    {},
  );
  const { size, blocks } = lstatSync(join(layerOf(layout, b.name).upper, 'var/lastlog'));
  assert.equal(size, 50 * 1024 ** 2);
  assert.ok(blocks * 512 <= 2 * 1024 ** 2, `${blocks} blocks`);
  assert.equal(look('dd if=var/lastlog bs=1 skip=3000000 count=1 2>/dev/null'), 'x');
});
