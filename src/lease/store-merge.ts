import { type LeaseEntry, longestEntry } from './collection.ts';
import { never, type Serial } from './laptop.ts';

/** What a store keeps of laptops: `act01` and `del01` lines, and `<serial>,<UUID>`. */
export type LineKind = 'lease' | 'delegation' | 'laptop';

/** The kind of a line without its line feed; undefined for one that no store keeps. */
export function kindOf(line: string): LineKind | undefined {
  if (line.startsWith('act01: ')) return 'lease';
  if (line.startsWith('del01: ')) return 'delegation';
  return line[11] === ',' ? 'laptop' : undefined;
}

/** The lines of a text in which each ends in a line feed. */
export function linesIn(text: string): string[] {
  return text === '' ? [] : text.slice(0, -1).split('\n');
}

/** So many delegations of a laptop are kept: it cannot be seen to whom one is, and a place may have several keys. */
const mostDelegations = 4;

/**
 * The lines of one laptop from several runs, the newest first. Leases of an older run stay only where they last longer,
 * so that a stick which comes late takes nothing away; of delegations the newest stay, of UUIDs the newest counts.
 */
export function mergeLines(texts: readonly string[]): string {
  const kept: string[] = [];
  const has = new Set<LineKind>();
  let latest = '';
  let delegations = 0;
  for (const text of texts) {
    const lines = linesIn(text).filter((line) => {
      const kind = kindOf(line);
      if (kind === undefined || kept.includes(line)) return false;
      if (kind === 'delegation') {
        delegations += 1;
        return delegations <= mostDelegations;
      }
      return !has.has(kind) || (kind === 'lease' && endOf(line) > latest);
    });
    for (const line of lines) {
      const kind = kindOf(line);
      if (kind !== undefined) has.add(kind);
      if (kind === 'lease' && endOf(line) > latest) latest = endOf(line);
    }
    kept.push(...lines);
  }
  while (kept.join('\n').length >= longestEntry) kept.pop();
  return kept.length === 0 ? '' : `${kept.join('\n')}\n`;
}

/** The end of a lease in a form that compares as text. */
function endOf(line: string): string {
  const expiry = line.slice(21, 37);
  return expiry === never ? '~' : expiry;
}

/** The laptops of several runs, the newest first, in order and each once. */
export function* mergeRuns(runs: readonly (() => Generator<LeaseEntry>)[]): Generator<LeaseEntry> {
  const open = runs.map((run) => {
    const entries = run();
    return { entries, next: entries.next().value as LeaseEntry | undefined };
  });
  for (;;) {
    let least: Serial | undefined;
    for (const { next } of open)
      if (next !== undefined && (least === undefined || next.serial < least)) least = next.serial;
    if (least === undefined) return;
    const texts: string[] = [];
    for (const run of open) {
      if (run.next?.serial !== least) continue;
      texts.push(run.next.lines);
      run.next = run.entries.next().value as LeaseEntry | undefined;
    }
    const lines = mergeLines(texts);
    if (lines !== '') yield { serial: least, lines };
  }
}
