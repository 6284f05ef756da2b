import type { KeyObject } from 'node:crypto';
import { isSatchelError } from '../base/errors.ts';
import type { DeviceLayout } from '../device/layout.ts';
import { parseKeyLine, rsaKeyId, serialiseKeyLine } from '../formats/signature-line.ts';
import { readPublicKey } from '../lease/key-files.ts';
import type { LaptopUuid, Serial } from '../lease/laptop.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readFileIfThere } from '../os/if-there.ts';
import { readLaptopTags } from './laptop-tags.ts';
import { agentLayout, makeAgentFolder } from './layout.ts';

/** Which laptop a device is, and whom it believes what. */
export type LaptopTrust = {
  /** Undefined: it is no laptop of that kind, and has no lease. */
  readonly serial: Serial | undefined;
  /** Undefined: signatures under leases cannot be checked here. */
  readonly uuid: LaptopUuid | undefined;
  /** Who may sign its leases. */
  readonly leaseKeys: readonly KeyObject[];
  /** Who may sign the answers of theft-deterrence servers. */
  readonly oatsKeys: readonly KeyObject[];
  /** True: its firmware wants no lease. */
  readonly isActivated: boolean;
};

/** What the maker's tags say, and what was put on the device since: by an operator, or as `security/lease.public`. */
export function readLaptopTrust(layout: DeviceLayout): LaptopTrust {
  const { serial, uuid, leaseKeys, oatsKeys, isActivated } = readLaptopTags(layout.root);
  const files = agentLayout(layout);
  return {
    serial,
    uuid,
    leaseKeys: distinct([...leaseKeys, ...keysIn(files.leaseKeys), ...keysIn(files.securityKeys)]),
    oatsKeys: distinct([...oatsKeys, ...keysIn(files.oatsKeys)]),
    isActivated,
  };
}

/** Replaces the keys that an operator has set, from files of any form. None: there are none any more. Throws `lease-key-unreadable`. */
export function setKeys(
  layout: DeviceLayout,
  kind: 'leaseKeys' | 'oatsKeys',
  paths: readonly string[],
): void {
  const files = agentLayout(layout);
  const lines = paths.map((path) => `${serialiseKeyLine(readPublicKey(path))}\n`);
  makeAgentFolder(files);
  writeFileAtomic(files[kind], lines.join(''));
}

/** The keys of a file of `key01` lines; a line that is none is passed over. */
function keysIn(path: string): KeyObject[] {
  const lines = readFileIfThere(path)?.toString('latin1').split('\n') ?? [];
  return lines.flatMap((line) => {
    if (!line.startsWith('key01: ')) return [];
    try {
      return [parseKeyLine(line.trim())];
    } catch (error) {
      if (isSatchelError(error)) return [];
      throw error;
    }
  });
}

function distinct(keys: readonly KeyObject[]): KeyObject[] {
  return [...new Map(keys.map((key) => [rsaKeyId(key), key])).values()];
}
