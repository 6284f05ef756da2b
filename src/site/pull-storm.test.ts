import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FaultRule } from '../../test/doubles/fault-server.ts';
import { noise, type PullScene, pulled, pullScene } from '../../test/doubles/pull-scene.ts';
import { when } from '../../test/doubles/when.ts';
import { isSatchelError } from '../base/errors.ts';

/** Numbers from 0 to 1 that are the same each time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}

/** What whoever asks may be told while the upstream misbehaves; each of them passes. */
const expected = [
  'cancelled',
  'store-unreachable',
  'store-too-short',
  'site-bytes-proved-wrong',
  'site-upstream-sends-wrong-bytes',
] as const;

function anyFaults(random: () => number, size: number): FaultRule[] {
  const place = () => Math.floor(random() * size);
  const faults = [
    { kind: 'truncate', after: place() },
    { kind: 'reset', after: place() },
    { kind: 'flip', offset: place() },
    { kind: 'status', status: 503 },
    { kind: 'slow', bytesPerSecond: 30_000_000 },
  ] as const;
  return Array.from({ length: 6 }, () => ({
    pattern: '^/(?:packs|deltas)/',
    from: 1 + Math.floor(random() * 12),
    times: 1,
    fault: faults[Math.floor(random() * faults.length)]!,
  }));
}

/** Asks for the rest of a file from many places until each has been answered. */
async function storm(scene: PullScene, name: string, seed: number): Promise<void> {
  const random = numbers(seed);
  const wanted = scene.bytes(name);
  let now = Date.parse('2026-03-01T00:00:00Z');
  const clock = () => now;
  scene.server.setRules(anyFaults(random, wanted.length));
  let pull = scene.start({ clock, timing: { patience: 60_000 } });
  const ask = async (): Promise<void> => {
    const offset = Math.floor(random() * wanted.length);
    // Whoever reads to the end gets it when all is proven, and may take it for right.
    const part = { offset, length: wanted.length - offset };
    const leaving = new AbortController();
    const isLeaving = random() < 0.2;
    for (let time = 0; time < 40; time += 1) {
      const asked = pulled(pull, name, part, leaving.signal);
      if (isLeaving && time === 0) setImmediate(() => leaving.abort());
      try {
        assert.ok((await asked).equals(wanted.subarray(offset)), `${offset}`);
        return;
      } catch (error) {
        if (!isSatchelError(error, ...expected)) throw error;
        if (leaving.signal.aborted) return;
        now += 4_000_000;
      }
    }
    assert.fail('nobody is refused for ever');
  };
  await Promise.all(Array.from({ length: 12 }, ask));
  await pull.close();
  scene.server.setRules([]);
  now += 4_000_000;
  pull = scene.start({ clock, timing: { patience: 60_000 } });
  assert.ok((await pulled(pull, name)).equals(wanted));
  await when(() => pull.isSound(name));
  await when(() => pull.inUse().length === 0);
  await pull.close();
}

test('whatever an upstream does, nobody gets wrong bytes to the end, and the file is whole at last', async (t) => {
  const scene = await pullScene(t);
  for (let seed = 1; seed <= 8; seed += 1)
    await storm(scene, scene.add('deltas', noise(1_500_000, 100 + seed)), seed);
});

test('the same goes for packs', async (t) => {
  for (let seed = 21; seed <= 23; seed += 1) {
    const scene = await pullScene(t);
    const lists = [...scene.names('maps'), ...scene.names('indexes')];
    const pull = scene.start();
    for (const list of lists) await pulled(pull, list);
    await pull.close();
    for (const name of scene.names('packs')) await storm(scene, name, seed);
  }
});
