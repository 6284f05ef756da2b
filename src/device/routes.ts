import { isSatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { byPrice } from '../plan/ways.ts';
import { buildTarget, deltasTarget } from '../repository/layout.ts';
import { type DeltaReference, parseBuildRecord, parseDeltasRecord } from '../repository/records.ts';
import type { TrustClient } from '../trust/client.ts';
import { offeredDelta } from './offered-delta.ts';
import type { PrepareOptions } from './prepare-options.ts';
import { recordedWays } from './price-ways.ts';
import { type Between, costOfDeltas, type Route } from './route.ts';
import type { Spool } from './spool.ts';
import type { Wanted } from './wanted.ts';

/** More records of builds between are not asked for. */
const mostBetween = 3;

/** Bytes that a chain has to be able to save before records are fetched to learn of it. */
const worthAsking = 16 * 1024;

/**
 * Every way by deltas from an installed version, the cheapest first. Builds between are looked up only where they could
 * be cheaper than every other way: that takes a small record each, all asked for at the same time.
 */
export async function findRoutes(options: PrepareOptions, base: BuildName): Promise<Route[]> {
  const { layout, wanted, spool, useless } = options;
  const offered = offeredDelta(layout, base, wanted);
  const direct = offered && !useless.has(offered.stored) ? [directRoute(spool, offered)] : [];
  const cheapest = [...direct, ...recordedWays(wanted, base)].map(({ bytes }) => bytes);
  const chains = await findChains(options, base, Math.min(...cheapest) - worthAsking);
  return [...direct, ...chains].sort(byPrice);
}

function directRoute(spool: Spool, reference: DeltaReference): Route {
  const cost = costOfDeltas(spool, [reference]);
  return { reference, ...cost, memory: reference.memory, scratch: reference.scratch ?? 0 };
}

async function findChains(options: PrepareOptions, base: BuildName, limit: number): Promise<Route[]> {
  const { client, wanted, spool, useless } = options;
  const candidates = wanted.deltas.deltas
    .filter(({ from, stored }) => from !== base && !useless.has(stored) && isKnown(client, from))
    .map((reference) => ({ reference, ...costOfDeltas(spool, [reference]) }))
    .filter(({ bytes }) => bytes < limit)
    .sort(byPrice)
    .slice(0, mostBetween);
  const found = await Promise.all(candidates.map(({ reference }) => findBetween(options, base, reference)));
  return found.flatMap((between, i) => {
    if (between === undefined) return [];
    const { reference } = candidates[i]!;
    const links = [between.reference, reference];
    const memory = Math.max(...links.map((link) => link.memory));
    // One is done with before the other begins.
    const scratch = Math.max(...links.map((link) => link.scratch ?? 0));
    return [{ reference, between, ...costOfDeltas(spool, links), memory, scratch }];
  });
}

function isKnown(client: TrustClient, name: BuildName): boolean {
  return [buildTarget(name), deltasTarget(name)].every((path) => client.targetInfo(path) !== undefined);
}

/** The build that a delta leads from, if a delta leads to it from the base; undefined also when its record is no good. */
async function findBetween(
  { layout, client, useless, signal, wanted }: PrepareOptions,
  base: BuildName,
  { from: name, fromIndex: index }: DeltaReference,
): Promise<Between | undefined> {
  const path = deltasTarget(name);
  try {
    const deltas = parseDeltasRecord(await client.target(path, { signal }), path);
    const reference = offeredDelta(layout, base, { ...wanted, deltas });
    if (reference === undefined || useless.has(reference.stored)) return undefined;
    return { name, index, deltas, reference };
  } catch (error) {
    if (isUnusableRecord(error)) return undefined;
    throw error;
  }
}

/** What was signed for a build between; undefined when it is not the build that the delta leads from. */
export async function wantedBetween(
  { client, signal }: Pick<PrepareOptions, 'client' | 'signal'>,
  { name, index, deltas }: Between,
): Promise<Wanted | undefined> {
  const path = buildTarget(name);
  try {
    const build = parseBuildRecord(await client.target(path, { signal }), path);
    return build.name === name && build.index.sha256 === index ? { build, deltas } : undefined;
  } catch (error) {
    if (isUnusableRecord(error)) return undefined;
    throw error;
  }
}

/** A way that is only one of several must not keep a device from the others. */
function isUnusableRecord(error: unknown): boolean {
  return isSatchelError(error, 'target-not-found', 'target-wrong', 'record-invalid', 'record-newer');
}
