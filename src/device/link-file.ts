import { isSatchelError } from '../base/errors.ts';
import { blendRates, type LinkRate } from '../plan/link.ts';
import type { DeviceLayout } from './layout.ts';
import { type Fields, readStateFile, writeStateFile } from './state-file.ts';

/** What the link to a source was like. */
type KnownLink = LinkRate & { readonly source: string };

const format = 1;

/** A device remembers so many sources, the one that it used last first. */
const remembered = 8;

/** What the link to this source was like; undefined before content has come over it. */
export function readLink(layout: DeviceLayout, source: string): LinkRate | undefined {
  const known = readLinks(layout).find((link) => link.source === source);
  return known && { bytesPerSecond: known.bytesPerSecond, roundTrip: known.roundTrip };
}

/** Keeps a measurement, blended with what was known; nothing happens without one. */
export function rememberLink(layout: DeviceLayout, source: string, measured: LinkRate | undefined): void {
  if (measured === undefined) return;
  const links = readLinks(layout);
  const before = links.find((link) => link.source === source);
  const others = links.filter((link) => link !== before);
  const now = { source, ...blendRates(before, measured) };
  writeStateFile(layout.links, format, { links: [now, ...others].slice(0, remembered) });
}

/** It only informs: one that is damaged or newer counts as none. */
function readLinks(layout: DeviceLayout): readonly KnownLink[] {
  try {
    return readStateFile(layout.links, format, parseLinks) ?? [];
  } catch (error) {
    if (isSatchelError(error, 'device-file-damaged', 'device-file-newer')) return [];
    throw error;
  }
}

function parseLinks({ links }: Fields): KnownLink[] | undefined {
  if (!Array.isArray(links)) return undefined;
  const known = links.map(parseLink);
  return known.includes(undefined) ? undefined : (known as KnownLink[]);
}

function parseLink(value: unknown): KnownLink | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { source, bytesPerSecond, roundTrip } = value as Fields;
  if (typeof source !== 'string' || !isAmount(bytesPerSecond) || !isAmount(roundTrip)) return undefined;
  return bytesPerSecond === 0 ? undefined : { source, bytesPerSecond, roundTrip };
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
