import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type PullScene, pulled, pullScene } from '../../test/doubles/pull-scene.ts';
import { when } from '../../test/doubles/when.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { loadBuild, loadMap, openCatalog } from '../repository/catalog.ts';
import { indexFile, mapFile, packFile } from '../repository/layout.ts';
import { openDirectoryStore } from '../store/directory.ts';

type Stretch = { readonly offset: number; readonly length: number };

/** The pack that a build brought, its frames as that build knows them, and the lists that tell of them. */
async function packOf(
  scene: PullScene,
  wanted: 'b1' | 'b2',
): Promise<{
  readonly name: string;
  readonly size: number;
  readonly frames: readonly Stretch[];
  readonly lists: readonly string[];
}> {
  const catalog = await openCatalog(openDirectoryStore(scene.origin));
  const [name] = catalog.buildNames().filter((each) => each === wanted);
  const build = await loadBuild(catalog, name!);
  const map = await loadMap(catalog, build);
  const pack = map.packs.length - 1;
  const { sha256, length } = map.pack(pack);
  const deltas = await catalog.deltas(name!);
  return {
    name: packFile(sha256 as Sha256),
    size: length,
    frames: map.frames.filter((frame) => frame.pack === pack),
    lists: [mapFile(deltas.map.stored), indexFile(build.record.index.stored)],
  };
}

const packRequests = ({ server }: PullScene) =>
  server.requests.filter(({ path }) => path.startsWith('/packs/'));

test('runs of frames are fetched once for all, kept when they are right, and make a whole pack in the end', async (t) => {
  const scene = await pullScene(t);
  const { name, size, frames, lists } = await packOf(scene, 'b2');
  assert.ok(frames.length >= 2, 'the pack has several frames');
  const pull = scene.start();
  for (const list of lists) await pulled(pull, list);
  const last = frames.at(-1)!;
  const wanted = { offset: last.offset + 10, length: last.length - 10 };
  const before = scene.server.counters().bodyBytes;
  const all = await Promise.all(Array.from({ length: 30 }, () => pulled(pull, name, wanted)));
  for (const bytes of all) assert.ok(bytes.equals(scene.bytes(name).subarray(wanted.offset, size)));
  assert.deepEqual(
    packRequests(scene).map(({ range }) => range),
    [`bytes=${last.offset}-`],
  );
  assert.equal(
    scene.server.counters().bodyBytes - before,
    last.length,
    'the run was made whole, and came once',
  );
  assert.equal(scene.has('packs'), false);
  await pull.close();

  const elsewhere = await scene.serve();
  const next = scene.start({ from: elsewhere });
  const parts = [wanted, { offset: 0, length: size - 5 }, { offset: 100, length: 200 }, wanted];
  const read = await Promise.all(parts.map((part) => pulled(next, name, part)));
  for (const [i, { offset, length }] of parts.entries())
    assert.ok(read[i]!.equals(scene.bytes(name).subarray(offset, offset + length)));
  assert.equal(elsewhere.counters().bodyBytes, size - last.length, 'what was kept did not come again');
  await when(() => next.isSound(name));
  await when(() => next.inUse().length === 0);
  assert.deepEqual(readdirSync(scene.layout.frames), []);
});

test('a link that is cut in the middle of frames costs no byte twice', async (t) => {
  const scene = await pullScene(t);
  const { name, size, lists } = await packOf(scene, 'b2');
  const pull = scene.start({ timing: { patience: 60_000 } });
  for (const list of lists) await pulled(pull, list);
  scene.server.setRules([{ pattern: '.', times: 9, fault: { kind: 'truncate', after: 70_001 } }]);
  const sent = scene.server.counters().bodyBytes;
  assert.ok((await pulled(pull, name, { offset: 0, length: size })).equals(scene.bytes(name)));
  assert.equal(scene.server.counters().bodyBytes - sent, size);
  assert.equal(packRequests(scene).length, 10);
});

test('with a dead upstream the frames that are here are given, others are refused', async (t) => {
  const scene = await pullScene(t);
  const { name, frames, lists } = await packOf(scene, 'b2');
  const pull = scene.start();
  for (const list of lists) await pulled(pull, list);
  const [first, second] = frames as [Stretch, Stretch];
  await pulled(pull, name, first);
  await when(() => pull.inUse().length === 0);
  scene.server.setRules([{ pattern: '.', fault: { kind: 'reset' } }]);
  const sent = scene.server.requests.length;
  assert.ok(
    (await pulled(pull, name, first)).equals(
      scene.bytes(name).subarray(first.offset, first.offset + first.length),
    ),
  );
  assert.equal(scene.server.requests.length, sent);
  await assert.rejects(pulled(pull, name, second), { code: 'store-unreachable' });
});

test('a wrong frame is fetched once more, then refused; the others are not touched', async (t) => {
  const scene = await pullScene(t);
  const { name, size, frames, lists } = await packOf(scene, 'b2');
  const pull = scene.start();
  for (const list of lists) await pulled(pull, list);
  const [first, second] = frames as [Stretch, Stretch];
  const flip = { kind: 'flip', offset: first.offset + 100 } as const;
  scene.server.setRules([{ path: `/${name}`, times: 1, fault: flip }]);
  const whole = { offset: 0, length: size };
  await assert.rejects(pulled(pull, name, whole), { code: 'site-bytes-proved-wrong' });
  assert.ok((await pulled(pull, name, whole)).equals(scene.bytes(name)));
  const ranges = packRequests(scene).map(({ range }) => range);
  assert.deepEqual(ranges, [undefined, `bytes=0-${first.length - 1}`], 'only the wrong frame came again');

  const bad = await pullScene(t, [{ pattern: '^/packs/', fault: flip }]);
  const other = bad.start();
  for (const list of lists) await pulled(other, list);
  const wrong = /proved wrong|sends wrong bytes/;
  for (const sentence of [wrong, wrong, /sends wrong bytes/])
    await assert.rejects(pulled(other, name, first), sentence);
  assert.equal(packRequests(bad).length, 2);
  assert.ok(
    (await pulled(other, name, second)).equals(
      bad.bytes(name).subarray(second.offset, second.offset + second.length),
    ),
  );
});

test('frames that were damaged on the disk come again, alone', async (t) => {
  const scene = await pullScene(t);
  const { name, size, frames, lists } = await packOf(scene, 'b2');
  const [first, second] = frames as [Stretch, Stretch];
  const earlier = scene.start();
  for (const list of lists) await pulled(earlier, list);
  await pulled(earlier, name, { offset: 0, length: first.length });
  await earlier.close();
  const [part] = readdirSync(scene.layout.frames).filter((file) => file.endsWith('.part'));
  damage(join(scene.layout.frames, part!), 50);
  const pull = scene.start();
  const sent = scene.server.counters().bodyBytes;
  assert.ok((await pulled(pull, name, first)).equals(scene.bytes(name).subarray(0, first.length)));
  assert.equal(scene.server.counters().bodyBytes - sent, first.length);
  await pulled(pull, name, { offset: 0, length: size });
  await when(() => pull.isSound(name));
  await pull.close();

  damage(join(scene.layout.repository, name), second.offset + 7);
  const next = scene.start();
  const before = scene.server.counters().bodyBytes;
  assert.ok((await pulled(next, name, { offset: 0, length: size })).equals(scene.bytes(name)));
  await when(() => next.isSound(name));
  assert.equal(scene.server.counters().bodyBytes - before, second.length);
});

test('where no map tells of frames a part is passed on and not kept, and a whole pack is kept', async (t) => {
  const scene = await pullScene(t);
  const { name, size } = await packOf(scene, 'b2');
  const pull = scene.start();
  for (let time = 0; time < 2; time += 1)
    assert.ok(
      (await pulled(pull, name, { offset: 1000, length: 5000 })).equals(
        scene.bytes(name).subarray(1000, 6000),
      ),
    );
  assert.deepEqual(
    packRequests(scene).map(({ range }) => range),
    [undefined, 'bytes=1000-5999', 'bytes=1000-5999'],
  );
  const [whole, again] = await Promise.all([0, 1].map(() => pulled(pull, name, { offset: 0, length: size })));
  assert.ok(whole!.equals(scene.bytes(name)) && again!.equals(whole!));
  await when(() => pull.isSound(name));
  assert.equal(packRequests(scene).length, 4);
});

test('what lies between known frames is passed on, until a map tells more', async (t) => {
  const scene = await pullScene(t);
  const { name, size, frames, lists } = await packOf(scene, 'b1');
  const pull = scene.start();
  const cost = async (part: Stretch) => {
    const sent = scene.server.counters().bodyBytes;
    const bytes = await pulled(pull, name, part);
    assert.ok(bytes.equals(scene.bytes(name).subarray(part.offset, part.offset + part.length)));
    await when(() => pull.inUse().length === 0);
    return scene.server.counters().bodyBytes - sent;
  };
  const later = await packOf(scene, 'b2');
  // The index is fetched for the sake of what it proves.
  await pulled(pull, later.lists[0]!);
  const index = scene.bytes(later.lists[1]!).length;
  const all = { offset: 0, length: size };
  assert.equal(await cost(all), size + index);
  const unknown = await cost(all);
  assert.ok(unknown > 64 * 1024 && unknown < size, 'only what no frame is known of came again');
  await pulled(pull, lists[0]!);
  await cost(frames[0]!);
  assert.equal(await cost(frames[0]!), 0);
});

test('parts of a pack can be discarded when nobody uses them', async (t) => {
  const scene = await pullScene(t);
  const { name, frames, lists } = await packOf(scene, 'b2');
  const pull = scene.start();
  for (const list of lists) await pulled(pull, list);
  await pulled(pull, name, frames[0]);
  await when(() => pull.inUse().length === 0);
  assert.equal(await pull.discard(name), true);
  assert.deepEqual(readdirSync(scene.layout.frames), []);
  assert.equal(await pull.discard(name), false);
});

function damage(path: string, position: number): void {
  const bytes = readFileSync(path);
  bytes[position] = ~(bytes[position] as number);
  writeFileSync(path, bytes);
}
