import type { BuildName } from '../base/identifiers.ts';
import { readIfThere } from '../trust/read-if-there.ts';
import type { Catalog } from './catalog.ts';
import { liteListFile, liteStreamFile } from './layout.ts';
import { isListOf, liteListLimit, liteStreamLimit } from './lite-refresh.ts';
import { type ListFacts, waypointsNamedIn } from './lite-rules.ts';
import { headerOf, isSignedBy, namedKeys, parseSignedText, sha256Of } from './lite-signed.ts';
import type { BuildRecord } from './records.ts';
import type { Waypoint } from './rollout-record.ts';

/** A signed file for satchel-lite that does not say what the repository says. */
export type LiteProblem = { readonly file: string; readonly build: BuildName };

/**
 * Compares the signed files for satchel-lite with the streams. A stream without a file is no problem: the
 * repository need not have any. Signatures are checked against the keys that a file itself names, because the
 * secret ones may be elsewhere.
 */
export async function checkLite(
  catalog: Catalog,
  signal?: AbortSignal,
): Promise<{ readonly files: number; readonly bytes: number; readonly problems: readonly LiteProblem[] }> {
  const problems: LiteProblem[] = [];
  let files = 0;
  let bytes = 0;
  const read = async (file: string, limit: number) => {
    const held = await readIfThere(catalog.store, file, { limit, signal });
    files += held === undefined ? 0 : 1;
    bytes += held?.length ?? 0;
    return held;
  };
  for (const stream of catalog.streamNames()) {
    if (stream.endsWith('.sum')) continue;
    const { build, halted, waypoints = [] } = await catalog.stream(stream);
    const file = liteStreamFile(stream);
    const held = await read(file, liteStreamLimit);
    if (held === undefined) continue;
    const signed = parseSignedText(held);
    const keys = signed && namedKeys(signed);
    const header = signed && headerOf(signed);
    const says = (name: string, value: string | undefined) => header?.get(name) === value;
    if (!signed || !keys || !header || !says('stream', stream) || !says('build', build.name)) {
      problems.push({ file, build: build.name });
      continue;
    }
    if (!isSignedBy(signed, keys) || !says('halted', halted?.since))
      problems.push({ file, build: build.name });
    const named = waypointsNamedIn(signed);
    const lists = [
      { record: build, says: header.get('list') },
      ...(await waypointRecords(catalog, waypoints)).map((record) => ({
        record,
        says: listIn(named.find((found) => found.build === record.name)),
      })),
    ];
    for (const { record, says: listSaid } of lists) {
      const listFile = liteListFile(record.name);
      const list = await read(listFile, liteListLimit);
      const signedList = list && parseSignedText(list);
      const isRight =
        list !== undefined &&
        signedList !== undefined &&
        listSaid === `${sha256Of(list)} ${list.length}` &&
        isListOf(signedList, record) &&
        isSignedBy(signedList, keys);
      if (!isRight) problems.push({ file: listFile, build: record.name });
    }
  }
  return { files, bytes, problems };
}

function waypointRecords(catalog: Catalog, waypoints: readonly Waypoint[]): Promise<BuildRecord[]> {
  return Promise.all(waypoints.map(({ build }) => catalog.build(build)));
}

/** What a stream's file says of a list, as of that of its head. */
function listIn(list: ListFacts | undefined): string | undefined {
  return list && `${list.sha256} ${list.length}`;
}
