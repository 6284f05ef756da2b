import { isSatchelError } from '../base/errors.ts';
import type { Report, ReportBatch } from '../device/report.ts';
import type { Fleet, Stored } from '../fleet/fleet.ts';
import { parseReports } from '../fleet/report-schema.ts';
import type { StickTree } from './stick-files.ts';
import type { StickProblem } from './stick-state.ts';

/** Where devices leave their reports on a stick. */
const reportsFolder = 'reports';
/** One report; a device writes about half a kilobyte. */
const reportLimit = 64 * 1024;
/** Reports are stored so many at a time. */
const batchSize = 500;

/** What was taken of the reports on a stick. */
export type TakenReports = Stored & {
  /** Names of the files whose reports are stored; they may be removed. */
  readonly files: readonly string[];
};

/** A batch around reports, as it travels. */
export function batchOf(reports: readonly unknown[]): { [Key in keyof ReportBatch]: unknown } {
  return { satchel: 'reports', format: 1, reports };
}

/** The reports in a file; undefined when it holds none that can be read. */
export function reportsIn(bytes: Uint8Array, isBatch: boolean): readonly Report[] | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return parseReports(isBatch ? value : batchOf([value])).reports;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    if (isSatchelError(error, 'report-invalid', 'record-newer')) return undefined;
    throw error;
  }
}

/** Stores what devices have left on a stick. Nothing on the stick changes. Throws what the fleet throws, `stick-symlink`. */
export async function takeDeviceReports(
  tree: StickTree,
  fleet: Pick<Fleet, 'storeReports'>,
  problems: StickProblem[],
): Promise<TakenReports> {
  const files: string[] = [];
  const counts = { stored: 0, known: 0 };
  let waiting: { readonly file: string; readonly report: Report }[] = [];
  const flush = async () => {
    if (waiting.length === 0) return;
    const { stored, known } = await fleet.storeReports(waiting.map(({ report }) => report));
    counts.stored += stored;
    counts.known += known;
    files.push(...waiting.map(({ file }) => file));
    waiting = [];
  };
  for (const { name, kind } of tree.list(reportsFolder)) {
    if (kind !== 'file' || !/^[0-9a-f]{32}-[0-9a-f]{32}\.json$/.test(name)) continue;
    const file = `${reportsFolder}/${name}`;
    const [report] = (await reportsOf(tree, file)) ?? [];
    if (report === undefined) problems.push({ code: 'stick-reports-damaged', parameters: { file } });
    else waiting.push({ file, report });
    if (waiting.length === batchSize) await flush();
  }
  await flush();
  return { ...counts, files };
}

async function reportsOf(tree: StickTree, file: string): Promise<readonly Report[] | undefined> {
  try {
    const bytes = await tree.read(file, reportLimit);
    return bytes && reportsIn(bytes, false);
  } catch (error) {
    if (isSatchelError(error, 'stick-file-too-long', 'system-call-failed')) return undefined;
    throw error;
  }
}

/** Removes files whose content is stored; a stick that cannot be written to keeps them, and they count once anyway. */
export function removeTaken(tree: StickTree, files: readonly string[]): boolean {
  try {
    for (const file of files) tree.remove(file);
    return true;
  } catch (error) {
    if (isSatchelError(error, 'permission-denied', 'system-call-failed')) return false;
    throw error;
  }
}
