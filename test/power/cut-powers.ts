import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { randomFrom } from '../suites/fuzz.testkit.ts';
import { type CutSummary, summarise } from './cut-record.ts';
import { type CutRunResult, cutAgainAndAgain } from './cut-run.ts';
import { makePowerDisk, type PowerBuilds, type PowerKind, publishPowerBuilds } from './power-scene.ts';

/** Kinds of machines by name: file system of the root, and how it is told what to boot. */
export const powerKinds = ['ext4-olpc', 'btrfs-olpc', 'ext4-bls', 'btrfs-bls'] as const;

/** How many cuts, on what. */
export type PowerCuts = {
  /** Where everything is laid; what is left there after a death tells why. */
  readonly folder: string;
  /** Made when absent. */
  readonly from?: PowerBuilds;
  readonly cuts: number;
  /** How many machines run at the same time. */
  readonly machines: number;
  /** Some of {@link powerKinds}; the cuts are shared out among them. */
  readonly kinds: readonly string[];
  readonly seed: number;
  readonly onLine: (line: string) => void;
};

/** Cuts the power of machines of all kinds, and tells what came of it. */
export async function cutPowers(
  options: PowerCuts,
): Promise<{ readonly summary: CutSummary; readonly casualties: readonly string[] }> {
  const { folder, kinds, cuts, onLine } = options;
  const from = options.from ?? (await publishPowerBuilds(folder));
  const waiting = kinds.map((kind, number) => ({
    kind,
    cuts: Math.floor(cuts / kinds.length) + (number < cuts % kinds.length ? 1 : 0),
    random: fractionsFrom(options.seed + number),
  }));
  const results: CutRunResult[] = [];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const place = join(folder, next.kind);
      mkdirSync(place);
      const disk = await makePowerDisk(place, from, kindNamed(next.kind));
      results.push(await cutAgainAndAgain({ ...next, folder: place, disk, from, onLine }));
    }
  };
  await Promise.all(Array.from({ length: options.machines }, work));
  return {
    summary: summarise(
      results.flatMap((result) => result.cuts),
      results.flatMap((result) => result.transfers),
    ),
    casualties: results.flatMap((result) => result.casualties),
  };
}

function kindNamed(name: string): PowerKind {
  const [fileSystem, boot] = name.split('-');
  if (fileSystem !== 'ext4' && fileSystem !== 'btrfs') throw new Error(`there is no kind ${name}`);
  if (boot !== 'olpc' && boot !== 'bls') throw new Error(`there is no kind ${name}`);
  return { fileSystem, boot };
}

/** Numbers from 0 to 1 that a seed decides. */
export function fractionsFrom(seed: number): () => number {
  const random = randomFrom(seed);
  return () => random(2 ** 32) / 2 ** 32;
}
