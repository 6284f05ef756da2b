import { isSatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { Catalog } from './catalog.ts';
import type { BuildRecord, DeltasRecord } from './records.ts';

/** The two records of a build. */
export type BuildRecords = { readonly record: BuildRecord; readonly deltas: DeltasRecord };

/**
 * Reads the records of a build; undefined where one is absent and may be, which `mayLack` tells: a site fetches records
 * when they are asked for. Throws what reading them throws.
 */
export async function buildRecords(
  catalog: Catalog,
  name: BuildName,
  mayLack: boolean,
): Promise<BuildRecords | undefined> {
  try {
    return { record: await catalog.build(name), deltas: await catalog.deltas(name) };
  } catch (error) {
    if (mayLack && isSatchelError(error, 'store-not-found')) return undefined;
    throw error;
  }
}
