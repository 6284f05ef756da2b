import { SatchelError } from '../../base/errors.ts';
import { findLeases } from '../../lease/find.ts';
import { serialNumber } from '../../lease/laptop.ts';
import { defineCommand } from '../command.ts';
import { argument } from '../option-kinds.ts';
import { localPath } from '../options.ts';

/** `satchel lease find`: the records of one laptop in a file that may hold millions. */
export const leaseFindCommand = defineCommand({
  arguments: {
    file: argument('argument-lease-file', 'FILE', localPath),
    serial: argument('argument-serial', 'SERIAL', serialNumber),
  },
  options: {},
  async run({ arguments: { file, serial } }) {
    const lines = findLeases(file, serial);
    if (lines === undefined) throw new SatchelError('lease-not-found', { file, serial });
    return { serial, lines: lines.trimEnd().split('\n') };
  },
  show: ({ lines }) => lines,
});
