import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSatchelError } from '../base/errors.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { DeviceLayout } from './layout.ts';
import { type Fields, isCount, isOptionalText, readStateFile, writeStateFile } from './state-file.ts';

/** What a device remembers about its reports. */
export type ReportMaker = {
  /** Its name in reports: 32 random hex digits. */
  readonly device: string;
  /** What the manufacturer calls it, where that can be read: a copy of its disk is another device. */
  readonly serial?: string;
  /** Of the last report. */
  readonly sequence: number;
  /** When the last report was made, milliseconds since 1970. */
  readonly last?: number;
  /** A source that took no reports, and when it was asked. */
  readonly refused?: { readonly source: string; readonly at: number };
};

const format = 1;

/** Where devices tell their serial number, below their root (facts, 7.4); the last only to root. */
const serialFiles = [
  'ofw/mfg-data/SN',
  'ofw/serial-number',
  'proc/device-tree/mfg-data/SN',
  'proc/device-tree/serial-number',
  'sys/class/dmi/id/product_serial',
];

const modelFiles = ['proc/device-tree/model', 'sys/class/dmi/id/product_name'];

/** What firmware says that was never told. */
const fillers =
  /^(?:0+|none|n\/a|not (?:specified|applicable)|default string|to be filled.*|system (?:serial number|product name))$/i;

/** What is remembered; undefined before the first report. Damage counts as that: it only makes a new name. */
export function readMaker({ reports }: DeviceLayout): ReportMaker | undefined {
  try {
    return readStateFile(makerFile(reports), format, parseMaker);
  } catch (error) {
    if (isSatchelError(error, 'device-file-damaged')) return undefined;
    throw error;
  }
}

/** Replaces what is remembered. */
export function writeMaker({ reports }: DeviceLayout, maker: ReportMaker): void {
  withSystemErrors('mkdir', reports, () => mkdirSync(reports, { recursive: true, mode: 0o755 }));
  writeStateFile(makerFile(reports), format, maker);
}

/** The device as it reports next: the one that reported before, unless this is a copy of its disk. */
export function nextMaker(layout: DeviceLayout, now: number): ReportMaker {
  const before = readMaker(layout);
  const serial = serialOf(layout);
  const isCopy = before?.serial !== undefined && serial !== undefined && before.serial !== serial;
  const known = isCopy ? undefined : before;
  const name = serial ?? known?.serial;
  return {
    device: known?.device ?? randomBytes(16).toString('hex'),
    ...(name === undefined ? {} : { serial: name }),
    sequence: (known?.sequence ?? 0) + 1,
    last: now,
    ...(known?.refused === undefined ? {} : { refused: known.refused }),
  };
}

/** The model of the device, where it can be read. */
export function modelOf({ root }: DeviceLayout): string | undefined {
  return firstWords(root, modelFiles, 128);
}

/** Its serial number, where that can be read. */
export function serialOf({ root }: DeviceLayout): string | undefined {
  return firstWords(root, serialFiles, 64);
}

function firstWords(root: string, files: readonly string[], longest: number): string | undefined {
  for (const file of files) {
    const words = wordsIn(join(root, file));
    if (words !== '' && words.length <= longest && !fillers.test(words)) return words;
  }
  return undefined;
}

/** Firmware ends its texts with zero bytes or line feeds; what cannot be read says nothing. */
function wordsIn(path: string): string {
  try {
    return readFileSync(path, 'latin1')
      .replace(/[^\x20-\x7e]+/g, ' ')
      .trim();
  } catch {
    return '';
  }
}

function makerFile(reports: string): string {
  return join(reports, 'maker.json');
}

function parseMaker({ device, serial, sequence, last, refused }: Fields): ReportMaker | undefined {
  if (typeof device !== 'string' || !/^[0-9a-f]{32}$/.test(device)) return undefined;
  if (!isOptionalText(serial) || !isCount(sequence)) return undefined;
  const silence = parseRefused(refused);
  return {
    device,
    ...(serial === undefined ? {} : { serial }),
    sequence,
    ...(typeof last === 'number' ? { last } : {}),
    ...(silence === undefined ? {} : { refused: silence }),
  };
}

function parseRefused(value: unknown): ReportMaker['refused'] {
  if (typeof value !== 'object' || value === null) return undefined;
  const { source, at } = value as Fields;
  return typeof source === 'string' && typeof at === 'number' ? { source, at } : undefined;
}
