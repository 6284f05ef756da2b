import { hash } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { isSatchelError } from '../base/errors.ts';
import { Fields, recordTime } from '../base/fields.ts';
import type { Fleet, Stored } from '../fleet/fleet.ts';
import type { KeyRing } from '../trust/keys.ts';
import type { RootMetadata } from '../trust/metadata.ts';
import { isSiteId, type SiteSettings } from './settings.ts';
import type { StickTree } from './stick-files.ts';
import { batchOf, reportsIn } from './stick-reports.ts';
import { isSigned, serialiseSignatures, signatureLimit, signFile } from './stick-sign.ts';
import type { StickProblem } from './stick-state.ts';

/**
 * What goes home on a stick: `home/<site id>/<16 hex>.json`, batches of reports as a site sends them through the network.
 * The origin answers in `home/<site id>/taken.json` which reports it has, signed as the list of a stick is
 * (`taken.json.sig`), so that the site need not send them again.
 */
const homeFolder = 'home';
const takenName = 'taken.json';
const takenSignature = 'taken.json.sig';

/** Batches hold a mebibyte at most when they are made. */
const batchLimit = 4 * 1024 * 1024;
const takenLimit = 16 * 1024 * 1024;
/** The origin's answer names at most so many reports, the newest. */
const mostTaken = 100_000;

const batchPattern = /^[0-9a-f]{16}\.json$/;

/** What a site put on a stick. */
export type SentHome = {
  /** Reports that are on the stick now. */
  readonly reports: number;
  /** Reports that the origin has, by its answer on the stick. */
  readonly acknowledged: number;
};

/**
 * Puts everything that this site has not forwarded on a stick, in the place of what it put there before, and takes the
 * origin's answer to that. Nothing is forgotten here before the origin has said that it has it. Throws what the fleet
 * throws, `stick-symlink`, and what writing to the stick throws.
 */
export async function sendHome(options: {
  readonly tree: StickTree;
  readonly settings: Pick<SiteSettings, 'id'>;
  readonly fleet: Pick<Fleet, 'pendingForUpstream' | 'markForwarded'>;
  readonly root: RootMetadata;
  readonly signal?: AbortSignal | undefined;
}): Promise<SentHome> {
  const { tree, settings, fleet, signal } = options;
  const folder = `${homeFolder}/${settings.id}`;
  const acknowledged = await takeAnswer(folder, options);
  const wanted = new Set<string>();
  let reports = 0;
  for (let after: number | undefined; ; ) {
    const pending = await fleet.pendingForUpstream({ site: settings.id, after });
    if (pending.reports.length === 0) break;
    after = pending.position;
    reports += pending.reports.length;
    const bytes = Buffer.from(`${JSON.stringify(batchOf(pending.reports))}\n`);
    const name = `${hash('sha256', bytes).slice(0, 16)}.json`;
    wanted.add(name);
    if (tree.sizeOf(`${folder}/${name}`) === bytes.length) continue;
    tree.makeFolder(folder, true);
    await tree.write(`${folder}/${name}`, [bytes], { signal });
  }
  for (const { name } of tree.list(folder))
    if (batchPattern.test(name) && !wanted.has(name)) tree.remove(`${folder}/${name}`);
  return { reports, acknowledged };
}

/** Believes only an answer that the origin has signed: anybody may write to a stick. */
async function takeAnswer(
  folder: string,
  {
    tree,
    settings,
    fleet,
    root,
  }: {
    readonly tree: StickTree;
    readonly settings: Pick<SiteSettings, 'id'>;
    readonly fleet: Pick<Fleet, 'markForwarded'>;
    readonly root: RootMetadata;
  },
): Promise<number> {
  const bytes = await tree.read(`${folder}/${takenName}`, takenLimit);
  if (bytes === undefined) return 0;
  const signatures = await tree.read(`${folder}/${takenSignature}`, signatureLimit);
  if (!isSigned(bytes, signatures, root)) return 0;
  const taken = parseTaken(bytes);
  if (taken === undefined || taken.site !== settings.id) return 0;
  await fleet.markForwarded(taken.reports);
  return taken.reports.length;
}

function parseTaken(bytes: Uint8Array): { site: string; reports: string[] } | undefined {
  try {
    const fields = Fields.parse(bytes, takenName);
    fields.expectFormat('stick-taken', 1);
    const reports = fields.texts('reports').filter((id) => /^[0-9a-f]{32}$/.test(id));
    return { site: fields.text('site'), reports };
  } catch (error) {
    if (isSatchelError(error)) return undefined;
    throw error;
  }
}

/** What was brought home for one site. */
export type BroughtHome = Stored & { readonly site: string; readonly files: readonly string[] };

/**
 * Stores what sites have put on a stick. Nothing on the stick changes. Throws what the fleet throws, `stick-symlink`.
 */
export async function takeHome(
  tree: StickTree,
  fleet: Pick<Fleet, 'storeReports'>,
  problems: StickProblem[],
): Promise<(BroughtHome & { readonly ids: readonly string[] })[]> {
  const brought: (BroughtHome & { ids: string[] })[] = [];
  for (const { name: site, kind } of tree.list(homeFolder)) {
    if (kind !== 'folder' || !isSiteId(site)) continue;
    const here = { site, stored: 0, known: 0, files: [] as string[], ids: [] as string[] };
    for (const { name } of tree.list(`${homeFolder}/${site}`)) {
      if (!batchPattern.test(name)) continue;
      const file = `${homeFolder}/${site}/${name}`;
      const reports = await batchIn(tree, file);
      if (reports === undefined) {
        problems.push({ code: 'stick-reports-damaged', parameters: { file } });
        continue;
      }
      const { stored, known } = await fleet.storeReports(reports, { site });
      here.stored += stored;
      here.known += known;
      here.files.push(file);
      here.ids.push(...reports.map(({ id }) => id));
    }
    if (here.files.length > 0) brought.push(here);
  }
  return brought;
}

async function batchIn(tree: StickTree, file: string) {
  try {
    const bytes = await tree.read(file, batchLimit);
    return bytes && reportsIn(bytes, true);
  } catch (error) {
    if (isSatchelError(error, 'stick-file-too-long', 'stick-symlink', 'system-call-failed')) return undefined;
    throw error;
  }
}

/** Tells a site on the stick which of its reports are stored; false when nobody here can sign that. */
export async function answerHome(options: {
  readonly tree: StickTree;
  readonly site: string;
  readonly ids: readonly string[];
  readonly keys: KeyRing;
  readonly root: RootMetadata;
  readonly clock: Clock;
}): Promise<boolean> {
  const { tree, site, ids, keys, root, clock } = options;
  const folder = `${homeFolder}/${site}`;
  const before = await tree.read(`${folder}/${takenName}`, takenLimit);
  const signatures = await tree.read(`${folder}/${takenSignature}`, signatureLimit);
  // What somebody else has written there must not get our signature.
  const isOurs = before !== undefined && isSigned(before, signatures, root);
  const former = (isOurs ? parseTaken(before)?.reports : undefined) ?? [];
  const reports = [...new Set([...former, ...ids])].slice(-mostTaken);
  const record = { satchel: 'stick-taken', format: 1, site, made: recordTime(clock()), reports };
  const bytes = Buffer.from(`${JSON.stringify(record)}\n`);
  const signed = signFile(bytes, keys, root);
  if (signed === undefined) return false;
  await tree.write(`${folder}/${takenSignature}`, [Buffer.from(serialiseSignatures([signed]))]);
  await tree.write(`${folder}/${takenName}`, [bytes]);
  return true;
}
