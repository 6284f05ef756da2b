import { type ByteString, byteString } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import { isTreePath } from '../build/entry-rules.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readFileIfThere } from '../os/if-there.ts';
import type { ClientPlan } from './client-plan.ts';

/** Between which two manifests hints are, by their hashes. */
export type HintedStep = { readonly from: string; readonly to: string };

/**
 * Reads the hints of a file: what one device has found out by comparing, for others that take the same step.
 * Undefined when there is no such file. Throws `hints-wrong` when it is not one, or for another step.
 *
 * The first line is `satchel-hints 1 FROM TO CHANGED BYTES DISK`; then come the paths to fetch, each with a NUL after
 * it. Hints need not be trusted: what comes of them is compared with the server.
 */
export function readHints(file: string, { from, to }: HintedStep): ClientPlan | undefined {
  const held = readFileIfThere(file);
  const text = held && byteString(held);
  if (text === undefined) return undefined;
  const end = text.indexOf('\n');
  const [, said, target, ...numbers] =
    /^satchel-hints 1 ([0-9a-z]{64}) ([0-9a-z]{64}) (\d{1,15}) (\d{1,15}) (\d{1,15})$/.exec(
      text.slice(0, end),
    ) ?? [];
  const paths = text.slice(end + 1).split('\0') as ByteString[];
  const [changed = 0, bytes = 0, disk = 0] = numbers.map(Number);
  const isWhole = paths.pop() === '' && paths.every((path) => path !== '' && isTreePath(path));
  if (said !== from || target !== to || !isWhole) throw new SatchelError('hints-wrong', { file });
  return { listed: paths, changed, bytes, disk };
}

/** Writes hints atomically. */
export function writeHints(file: string, { from, to }: HintedStep, plan: ClientPlan): void {
  const head = `satchel-hints 1 ${from} ${to} ${plan.changed} ${plan.bytes} ${plan.disk}\n`;
  const paths = plan.listed.map((path) => `${path}\0`).join('');
  writeFileAtomic(file, Buffer.from(`${head}${paths}`, 'latin1'));
}
