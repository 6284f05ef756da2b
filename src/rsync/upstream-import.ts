import { mkdirSync } from 'node:fs';
import { throwIfCancelled } from '../base/cancel.ts';
import type { MessageCode, MessageParameters } from '../base/catalogue.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import type { BuildName, StreamName } from '../base/identifiers.ts';
import { openCatalog } from '../repository/catalog.ts';
import { fetchSet, removeOldParts, requireKeys, sumOf, type UpstreamContext } from './upstream-fetch.ts';
import { openPlace } from './upstream-open.ts';
import type { Place } from './upstream-place.ts';
import { type Remembered, readImportRecord } from './upstream-record.ts';
import { type RemoteSet, readSets } from './upstream-sets.ts';

/** What to import, and from where. */
export type ImportOptions = UpstreamContext & {
  /** A drop directory: `rsync://HOST/os/`, an address with a list of files, or a path. */
  readonly from: string;
  /** Streams that every build which comes in becomes the head of, oldest first; none: no stream changes. */
  readonly streams: readonly StreamName[];
  /** True to bring builds too that were imported once and are not here any more. */
  readonly again: boolean;
  readonly signal?: AbortSignal | undefined;
};

/** What an import did; everything that is wrong is one entry and stopped nothing else. */
export type ImportReport = {
  readonly from: string;
  readonly published: readonly { readonly build: BuildName; readonly bytes: number }[];
  /** Builds that were here before. */
  readonly present: readonly BuildName[];
  /** Sets that are not complete there: what is missing, or nothing when the MD5 is not right (yet). */
  readonly waiting: readonly { readonly prefix: string; readonly missing: readonly string[] }[];
  /** Builds that were imported before and removed here since. */
  readonly removed: readonly BuildName[];
  readonly problems: readonly ImportProblem[];
};

/** Why a build or a file could not be imported. */
export type ImportProblem = {
  readonly about: string;
  readonly code: MessageCode;
  readonly parameters: MessageParameters;
};

/** The same while it grows. */
type Report = {
  [Key in keyof ImportReport]: ImportReport[Key] extends readonly (infer Item)[] ? Item[] : ImportReport[Key];
};

/**
 * Brings what is new in a drop directory: sets of four files become builds, oldest first. It withdraws nothing, and a
 * second run does nothing. Throws what stops all of it: `upstream-address-not-usable`, `upstream-needs-keys`, what
 * listing the directory and reading the repository throw, and `cancelled`.
 */
export async function importBuilds(options: ImportOptions): Promise<ImportReport> {
  const { from, layout, signal } = options;
  mkdirSync(layout.incoming, { recursive: true });
  removeOldParts(options);
  const place = await openPlace(from, { temporary: layout.incoming, patience: options.patience });
  try {
    requireKeys(options, place.location);
    const sets = await readSets(place, await place.list(signal), { signal });
    const report: Report = {
      from: place.location,
      published: [],
      present: [],
      waiting: [...sets.waiting],
      removed: [],
      problems: sets.problems.map(({ about, error }) => problemOf(about, error)),
    };
    const wanted = await sortOut(sets.complete, options, report);
    for (const set of wanted) await importSet(place, set, options, report);
    return report;
  } finally {
    await place.close();
  }
}

/** The sets that are new; the others go into the report. */
async function sortOut(
  sets: readonly RemoteSet[],
  { store, layout, again, signal }: ImportOptions,
  report: Report,
): Promise<RemoteSet[]> {
  const catalog = await openCatalog(store, signal);
  const record = readImportRecord(layout.importRecord);
  const isKnown = (set: RemoteSet, known: Remembered | undefined) =>
    known?.published === true && known.md5File === sumOf(set);
  return sets.filter((set) => {
    const { build } = set;
    const known = record.get(build);
    if (catalog.hasBuild(build)) {
      const isOther = known?.published === true && !isKnown(set, known);
      if (!isOther) report.present.push(build);
      else
        report.problems.push(
          problemOf(build, new SatchelError('upstream-content-changed', { build, location: report.from })),
        );
      return false;
    }
    if (again || !isKnown(set, known)) return true;
    report.removed.push(build);
    return false;
  });
}

async function importSet(
  place: Place,
  set: RemoteSet,
  options: ImportOptions,
  report: Report,
): Promise<void> {
  const { build } = set;
  try {
    const { bytes } = await fetchSet(place, set, options, options);
    report.published.push({ build, bytes });
  } catch (error) {
    throwIfCancelled(options.signal);
    // A bug must not look like a build that is wrong.
    if (!(error instanceof SatchelError)) throw error;
    if (isSatchelError(error, 'upstream-md5-wrong')) report.waiting.push({ prefix: set.prefix, missing: [] });
    else report.problems.push(problemOf(build, error));
  }
}

function problemOf(about: string, { code, parameters }: SatchelError): ImportProblem {
  return { about, code, parameters };
}
