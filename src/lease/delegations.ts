import { createReadStream } from 'node:fs';
import { SatchelError } from '../base/errors.ts';
import { systemError } from '../os/system-error.ts';
import { readLeases } from './collection.ts';
import type { Serial } from './laptop.ts';
import { type Delegation, parseRecord } from './records.ts';

/**
 * The delegations in a file, one a laptop; of several for one laptop the last counts. Throws `lease-line-invalid`,
 * `leases-invalid`, `signature-line-invalid`.
 */
export async function readDelegations(path: string): Promise<ReadonlyMap<Serial, Delegation>> {
  const delegations = new Map<Serial, Delegation>();
  try {
    for await (const { serial, lines } of readLeases(createReadStream(path)))
      for (const line of lines.trimEnd().split('\n')) {
        const record = parseRecord(line);
        if (record.type !== 'del01')
          throw new SatchelError('lease-line-invalid', { line: line.slice(0, 80) });
        delegations.set(serial, record);
      }
  } catch (error) {
    throw systemError(error, 'read', path);
  }
  return delegations;
}
