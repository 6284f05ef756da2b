import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rsaKeyId } from '../formats/signature-line.ts';
import { publicKeyIn } from '../lease/key-files.ts';
import { isSerial, type LaptopUuid, laptopUuid, type Serial } from '../lease/laptop.ts';

/** Where the firmware shows what the maker of a laptop wrote into it, below the root (facts, 7.5). */
const tagFolders = ['ofw/mfg-data', 'proc/device-tree/mfg-data'];
const serialFiles = ['ofw/serial-number', 'proc/device-tree/serial-number'];

/** What the maker's tags say of a laptop. */
export type LaptopTags = {
  readonly serial?: Serial | undefined;
  /** The number that is signed and never sent. */
  readonly uuid?: LaptopUuid | undefined;
  /** Keys that may sign leases: the tags `a0` to `a9`. */
  readonly leaseKeys: readonly KeyObject[];
  /** Keys that may sign answers of theft-deterrence servers: `t0` to `t9`. */
  readonly oatsKeys: readonly KeyObject[];
  /** True: it needs no lease (`ak`). */
  readonly isActivated: boolean;
};

/** Reads the tags of the laptop whose `/` is `root`; elsewhere there are none. */
export function readLaptopTags(root: string): LaptopTags {
  const serial = [words(root, 'SN'), ...serialFiles.map((file) => text(join(root, file)))]
    .map((found) => found.toUpperCase())
    .find(isSerial);
  return {
    serial,
    uuid: uuidIn(words(root, 'U#')),
    leaseKeys: keysIn(root, 'a'),
    oatsKeys: keysIn(root, 't'),
    isActivated: bytes(root, 'ak') !== undefined,
  };
}

function uuidIn(found: string): LaptopUuid | undefined {
  try {
    return laptopUuid(found);
  } catch {
    return undefined;
  }
}

/** The tag with the digit 0 replaces the key that is built into the firmware, the others add to it; we have none built in. */
function keysIn(root: string, letter: string): KeyObject[] {
  const found = new Map<string, KeyObject>();
  for (let digit = 0; digit <= 9; digit += 1) {
    const der = bytes(root, `${letter}${digit}`);
    const key = der && publicKeyIn(der);
    if (key !== undefined) found.set(rsaKeyId(key), key);
  }
  return [...found.values()];
}

function bytes(root: string, tag: string): Buffer | undefined {
  for (const folder of tagFolders) {
    try {
      return readFileSync(join(root, folder, tag));
    } catch {
      // Not a laptop with this firmware, or without this tag.
    }
  }
  return undefined;
}

function words(root: string, tag: string): string {
  return plain(bytes(root, tag)?.toString('latin1') ?? '');
}

function text(path: string): string {
  try {
    return plain(readFileSync(path, 'latin1'));
  } catch {
    return '';
  }
}

/** Firmware ends its texts with zero bytes or line feeds. */
function plain(found: string): string {
  return found.replace(/[^\x20-\x7e]+/g, ' ').trim();
}
