/**
 * What is known of a file that is not here as a whole, as JSON Lines beside its data:
 *
 * ```
 * {"satchel":"part","format":1,"name":"packs/….pack","size":1234}
 * {"boot":"<the kernel's boot id>"}
 * [0,65536]            these bytes were written
 * ["gone",0,65536]     these bytes are not to be used after all
 * {"synced":83}        everything that the first 83 bytes of this journal tell of is on the disk
 * ```
 *
 * The kernel keeps what a killed process wrote, so within one boot every line holds. After a power cut only the synced
 * ones do. A line that a cut left half written is passed over.
 */
import { readFileIfThere } from '../os/if-there.ts';
import { createIntervals, type Intervals } from './pull-intervals.ts';

const format = 1;

/** What a journal tells. */
export type JournalContent = {
  readonly name: string;
  readonly size: number;
  readonly received: Intervals;
  /** False when some of it may be in the memory of the kernel only. */
  readonly isSynced: boolean;
};

/** The first lines of a journal: what is received must be on the disk. */
export function journalHead({
  name,
  size,
  received,
  boot,
}: Omit<JournalContent, 'isSynced'> & { readonly boot: string }): string {
  const lines = [JSON.stringify({ satchel: 'part', format, name, size }), JSON.stringify({ boot })];
  for (const { start, end } of received.list()) lines.push(receivedLine(start, end).trimEnd());
  const text = `${lines.join('\n')}\n`;
  return `${text}${syncedLine(Buffer.byteLength(text))}`;
}

export const receivedLine = (start: number, end: number): string => `[${start},${end}]\n`;
export const goneLine = (start: number, end: number): string => `["gone",${start},${end}]\n`;
export const syncedLine = (journalBytes: number): string => `{"synced":${journalBytes}}\n`;

/** Reads a journal; undefined when there is none, or one that this program does not understand. */
export function readJournal(path: string, boot: string): JournalContent | undefined {
  const bytes = readFileIfThere(path);
  return bytes === undefined ? undefined : parseJournal(bytes.toString('latin1'), boot);
}

/** The content of a journal read in a boot of the machine; undefined for what is no journal. */
export function parseJournal(text: string, boot: string): JournalContent | undefined {
  const lines = text.split('\n').map((line) => parsedLine(line));
  const [head] = lines;
  if (!isHead(head)) return undefined;
  const synced = lines.reduce<number>((most, line) => Math.max(most, numberIn(line, 'synced') ?? 0), 0);
  const received = createIntervals();
  let writtenIn: unknown;
  let position = 0;
  let isSynced = true;
  for (const [i, raw] of text.split('\n').entries()) {
    const line = lines[i];
    if (typeof line === 'object' && line !== null && 'boot' in line) writtenIn = line.boot;
    const isDurable = position + raw.length < synced;
    position += raw.length + 1;
    if (!Array.isArray(line)) continue;
    const [start, end] = line[0] === 'gone' ? line.slice(1) : line;
    if (!isByte(start, head.size) || !isByte(end, head.size)) continue;
    // What was given up stays given up, whatever a power cut may have undone.
    if (line[0] === 'gone') received.remove(start, end);
    else if (isDurable || writtenIn === boot) received.add(start, end);
    isSynced &&= isDurable;
  }
  return { name: head.name, size: head.size, received, isSynced };
}

function parsedLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isHead(line: unknown): line is { readonly name: string; readonly size: number } {
  if (typeof line !== 'object' || line === null || !('name' in line) || !('size' in line)) return false;
  const isKnown = 'satchel' in line && line.satchel === 'part' && 'format' in line && line.format === format;
  return isKnown && typeof line.name === 'string' && isByte(line.size, Number.MAX_SAFE_INTEGER);
}

function numberIn(line: unknown, field: string): number | undefined {
  if (typeof line !== 'object' || line === null) return undefined;
  const value: unknown = Reflect.get(line, field);
  return isByte(value, Number.MAX_SAFE_INTEGER) ? value : undefined;
}

function isByte(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most;
}
