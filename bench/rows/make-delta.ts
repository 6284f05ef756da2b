import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Contender, type ContestOptions, contest, type Result } from '../contest.ts';
import type { Context } from '../context.ts';
import * as ostree from '../peers/ostree.ts';
import * as satchel from '../peers/satchel.ts';
import type { Step } from '../updaters.ts';

/** Repositories with both builds and no delta, as publishing has left them. */
export type DeltaInputs = {
  readonly satchel?: string;
  readonly ostree?: { readonly archive: string; readonly maker: ostree.Ostree };
};

/**
 * Makes the delta from the first build to the second, and its size on disk. Ours is made in a copy of the
 * repository (`satchel` of what is returned is the last one), ostree's in the archive itself.
 */
export async function makeDelta(
  { workspace }: Context,
  { from, to }: Step,
  inputs: DeltaInputs,
  options: ContestOptions,
): Promise<{ results: Result[]; satchel?: string }> {
  const contenders: Contender[] = [];
  let copy: string | undefined;
  if (inputs.satchel !== undefined) {
    const original = inputs.satchel;
    contenders.push({
      who: 'satchel',
      async prepare() {
        const fresh = workspace.fresh('repository');
        await satchel.copyRepository(original, fresh);
        copy = fresh;
        return () => satchel.makeDelta(fresh, from.name, to.name);
      },
      disk: () => bytesBelow(join(copy!, 'deltas')),
    });
  }
  if (inputs.ostree !== undefined) {
    const { archive, maker } = inputs.ostree;
    const deltas = join(archive, 'deltas');
    contenders.push({
      who: 'ostree static-delta',
      version: maker.version,
      async prepare() {
        rmSync(deltas, { recursive: true, force: true });
        return () => ostree.makeDelta(maker, archive, from.name, to.name);
      },
      disk: () => bytesBelow(deltas),
    });
  }
  const results = await contest(contenders, options);
  if (copy !== undefined) workspace.keepUntil(copy, 'pair');
  return { results, ...(copy === undefined ? {} : { satchel: copy }) };
}

function bytesBelow(directory: string): number {
  let bytes = 0;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
  return bytes;
}
