import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { noise, pulled, pullScene } from '../../test/doubles/pull-scene.ts';
import { SatchelError } from '../base/errors.ts';
import { openHttpStore } from '../store/http.ts';
import { createGuessLimit } from './pull-guesses.ts';
import type { PullUpstream } from './pull-types.ts';
import { causedBy, presentCause } from './upstream-via.ts';

test('names that nobody has cost the link next to nothing, and what is signed can be had all the same', async (t) => {
  const scene = await pullScene(t);
  const pull = scene.start();
  const folders = ['packs', 'deltas', 'maps', 'targets/builds'];
  const endings: Record<string, string> = { packs: '.pack', deltas: '.delta', maps: '.zst' };
  for (let number = 0; number < 1000; number += 1) {
    const folder = folders[number % folders.length]!;
    const name = `${folder}/${hash('sha256', `guess ${number}`)}${endings[folder] ?? '.b9.json'}`;
    await assert.rejects(pulled(pull, name), { code: 'store-not-found' });
  }
  assert.ok(scene.server.requests.length <= 201, `${scene.server.requests.length} requests`);
  const [map, index, pack] = ['maps', 'indexes', 'packs'].map((folder) => scene.names(folder)[0]!);
  const record = scene.names('targets/builds')[0]!;
  rmSync(join(scene.layout.repository, record));
  for (const name of [record, map!, index!]) assert.ok((await pulled(pull, name)).equals(scene.bytes(name)));
  for (const name of [...scene.names('maps'), ...scene.names('indexes')]) await pulled(pull, name);
  assert.ok((await pulled(pull, pack!)).equals(scene.bytes(pack!)));
});

test('wrong names are asked for again as time goes by, right ones count nothing', async () => {
  let now = 0;
  let asked = 0;
  const limit = createGuessLimit({ location: () => 'u', isNamed: async () => false, now: () => now });
  const wrong = () =>
    assert.rejects(
      limit.ask('deltas/x', async () => {
        asked += 1;
        throw new SatchelError('store-not-found', { location: 'u', name: 'deltas/x' });
      }),
      { code: 'store-not-found' },
    );
  for (let number = 0; number < 500; number += 1) await limit.ask('deltas/y', async () => 1);
  for (let number = 0; number < 500; number += 1) await wrong();
  assert.equal(asked, 200);
  now += 30_000;
  for (let number = 0; number < 10; number += 1) await wrong();
  assert.equal(asked, 203);
});

test('whoever makes up that a request goes round in circles harms nobody who asks for the same file', async (t) => {
  const scene = await pullScene(t);
  const source = openHttpStore(scene.server.url);
  t.after(() => source.close());
  const upstream: PullUpstream = {
    ...source,
    async read(name, options) {
      if (presentCause().length === 0) return await source.read(name, options);
      await new Promise((resolve) => setTimeout(resolve, 5));
      throw new SatchelError('site-loop', { upstream: source.location });
    },
  };
  const pull = scene.start({ upstream });
  const looped = (name: string) =>
    causedBy(['aaaaaaaaaaaaaaaa'], () => assert.rejects(pulled(pull, name), { code: 'site-loop' }));
  const [map, index] = [scene.names('maps')[0]!, scene.names('indexes')[0]!];
  const large = scene.add('deltas', noise(3_000_000, 9));
  for (const name of [large, scene.names('packs')[0]!]) {
    const [, bytes] = await Promise.all([looped(name), pulled(pull, name)]);
    assert.ok(bytes.equals(scene.bytes(name)), name);
  }
  // Frames of a pack that is known by its map.
  for (const name of [map, index, ...scene.names('maps'), ...scene.names('indexes')])
    await pulled(pull, name);
  const pack = scene.names('packs').at(-1)!;
  const [, bytes] = await Promise.all([looped(pack), pulled(pull, pack)]);
  assert.ok(bytes.equals(scene.bytes(pack)));
});
