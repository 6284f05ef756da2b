import { rmSync } from 'node:fs';
import type { Clock } from '../base/clock.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { HeldFile, Holdings } from './evict-holdings.ts';
import { type EvictionPlan, planEviction } from './evict-plan.ts';
import type { AskedEviction } from './evict-question.ts';
import type { TreeSubject } from './known-bundles.ts';
import type { SiteLayout } from './layout.ts';
import type { PullThrough } from './pull-types.ts';
import { appendSiteLog } from './site-log.ts';

/** What is made of builds and bundles and can be made again, trees for rsync clients above all, as far as room goes. */
export type SiteTrees = {
  /** Bytes of disk that they take. */
  bytes(): number;
  /** Takes the least recently used away until they take no more than this; those in use stay. */
  shrinkTo(bytes: number): Promise<void>;
};

/** What was removed. */
export type Evicted = {
  /** Builds and bundles, with the bytes of disk that their going freed. */
  readonly builds: readonly { readonly build: TreeSubject; readonly bytes: number }[];
  /** Files that no build needs, and their bytes. */
  readonly files: number;
  readonly fileBytes: number;
  /** Bytes of trees for rsync clients. */
  readonly treeBytes: number;
  /** What everything takes now. */
  readonly usedBytes: number;
  /** Bytes that are still too many: what is left has to stay. */
  readonly missing: number;
};

/** Where things are removed. */
type Place = {
  readonly layout: Pick<SiteLayout, 'log'>;
  readonly pull: Pick<PullThrough, 'discard'>;
  readonly trees?: SiteTrees | undefined;
  readonly clock: Clock;
};

/** What is to be done once trees have gone, and the bytes that they freed. */
export type TreelessPlan = { readonly plan: EvictionPlan; readonly treeBytes: number };

/**
 * Takes trees away as a plan for so many incoming bytes says. Where fewer could go, since they are sticky, or in use, or
 * another process has them open, those that are left count as what has to stay, and what goes instead is planned anew.
 */
export async function evictTrees(
  { layout, trees, clock }: Place,
  plan: EvictionPlan,
  { question, incoming }: Pick<AskedEviction, 'question'> & { readonly incoming: number },
): Promise<TreelessPlan> {
  if (plan.trees === 0 || trees === undefined) return { plan, treeBytes: 0 };
  const treesBefore = trees.bytes();
  await trees.shrinkTo(Math.max(0, treesBefore - plan.trees));
  const left = trees.bytes();
  const treeBytes = treesBefore - left;
  if (treeBytes > 0)
    appendSiteLog(layout, {
      ...{ at: new Date(clock()).toISOString(), event: 'trees-evicted', why: plan.why },
      bytes: treeBytes,
    });
  if (treeBytes >= plan.trees) return { plan: { ...plan, before: plan.before - treeBytes }, treeBytes };
  const otherBytes = question.otherBytes + left;
  const free = question.free + treeBytes;
  return { plan: planEviction({ ...question, treeBytes: 0, otherBytes, free, incoming }), treeBytes };
}

/** Carries a plan out, after the trees; every removal is in the log before the next begins. */
export async function carryOut(
  place: Place,
  { plan, treeBytes }: TreelessPlan,
  seen: Holdings & AskedEviction,
): Promise<Evicted> {
  const { layout, clock } = place;
  const { pieceNames, question } = seen;
  const log = (event: string, fields: object) =>
    appendSiteLog(layout, { at: new Date(clock()).toISOString(), event, why: plan.why, ...fields });
  const builds: { build: TreeSubject; bytes: number }[] = [];
  let [files, fileBytes] = [0, 0];
  for (const { unit, pieces } of plan.victims) {
    const { name, usedAt } = question.units[unit]!;
    const names = pieces.map((piece) => pieceNames[piece]!);
    const bytes = await removeFiles(place, names, seen);
    const lastUsed = new Date(usedAt).toISOString();
    if (name === undefined) {
      log('file-evicted', { file: names[0], bytes, lastUsed });
      files += 1;
      fileBytes += bytes;
    } else {
      log('build-evicted', { build: name, bytes, files: names.length, lastUsed });
      builds.push({ build: name as TreeSubject, bytes });
    }
  }
  const freed = builds.reduce((sum, { bytes }) => sum + bytes, fileBytes);
  return { builds, files, fileBytes, treeBytes, usedBytes: plan.before - freed, missing: plan.missing };
}

/** Removes files, but none that somebody reads now; gives the bytes of disk that this freed. */
export async function removeFiles(
  { pull }: Pick<Place, 'pull'>,
  names: readonly string[],
  { files }: Holdings,
): Promise<number> {
  let bytes = 0;
  for (const name of names) {
    const file = files.get(name);
    if (file !== undefined && (await remove(pull, file))) bytes += file.bytes;
  }
  return bytes;
}

async function remove(pull: Place['pull'], { name, whole, isInParts }: HeldFile): Promise<boolean> {
  if (isInParts && !(await pull.discard(name))) return false;
  if (whole !== undefined) withSystemErrors('unlink', whole, () => rmSync(whole, { force: true }));
  return true;
}
