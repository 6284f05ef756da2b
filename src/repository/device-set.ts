import { hash } from 'node:crypto';

/**
 * Devices that a signed record names without saying who they are: base64 of ascending big-endian 32-bit numbers, each
 * the first 8 hex digits of SHA-256(salt ":" identity). What a school or a shop is called is resolved into this at the
 * origin, so that a device decides the same whatever way the record came. At most {@link largestDeviceSet}.
 */
export type DeviceSet = string;

/** Most devices in a set: about 87 KB of a record. */
export const largestDeviceSet = 16_384;

/** The number of a device in sets and shares with this salt, 0 to 2^32 − 1. */
export function deviceNumber(salt: string, identity: string): number {
  return Number.parseInt(hash('sha256', `${salt}:${identity}`).slice(0, 8), 16);
}

/** The set of these devices; each once, in whatever order they come. Throws a RangeError for too many. */
export function deviceSetOf(salt: string, identities: Iterable<string>): DeviceSet {
  const numbers = new Set([...identities].map((identity) => deviceNumber(salt, identity)));
  if (numbers.size > largestDeviceSet) throw new RangeError(`${numbers.size} devices are too many for a set`);
  return serialiseDeviceSet([...numbers]);
}

/** The set of these numbers, each of which is there once. */
export function serialiseDeviceSet(numbers: readonly number[]): DeviceSet {
  const bytes = Buffer.alloc(numbers.length * 4);
  for (const [place, number] of numbers.toSorted((a, b) => a - b).entries())
    bytes.writeUInt32BE(number, place * 4);
  return bytes.toString('base64');
}

/** The numbers of a set, ascending; undefined when it is not one. */
export function parseDeviceSet(set: string): number[] | undefined {
  if (set.length > Math.ceil((largestDeviceSet * 4) / 3) * 4) return undefined;
  const bytes = Buffer.from(set, 'base64');
  if (bytes.length % 4 !== 0 || bytes.length > largestDeviceSet * 4) return undefined;
  if (bytes.toString('base64') !== set) return undefined;
  const numbers: number[] = [];
  for (let at = 0; at < bytes.length; at += 4) {
    const number = bytes.readUInt32BE(at);
    if (number <= (numbers.at(-1) ?? -1)) return undefined;
    numbers.push(number);
  }
  return numbers;
}

/** Whether a number is in a set that has been checked. A few steps, without reading the set as a whole. */
export function isInDeviceSet(set: DeviceSet, number: number): boolean {
  let from = 0;
  let to = Math.floor(((set.length / 4) * 3) / 4);
  while (from < to) {
    const middle = (from + to) >>> 1;
    const found = numberAt(set, middle);
    if (found === number) return true;
    if (found < number) from = middle + 1;
    else to = middle;
  }
  return false;
}

/** Three bytes are four characters, so a number is read from at most three such groups. */
function numberAt(set: DeviceSet, place: number): number {
  const group = Math.floor((place * 4) / 3);
  const characters = set.slice(group * 4, Math.ceil((place * 4 + 4) / 3) * 4);
  return Buffer.from(characters, 'base64').readUInt32BE(place * 4 - group * 3);
}
