import type { Halt } from '../repository/records.ts';
import type { Words } from './command.ts';

/** That a device stays on what it has, for people; nothing where its stream is not halted. */
export function haltedLine(
  result: {
    readonly build: string;
    readonly stream?: string | undefined;
    readonly halted?: Halt | undefined;
  },
  words: Words,
): string[] {
  const { build, stream = '—', halted } = result;
  if (halted === undefined) return [];
  return [words.say('result-device-halted', { stream, build, ...haltWords(halted, words) })];
}

/** A halt as the parameters of a sentence. */
export function haltWords(
  { reason, since }: Halt,
  words: Words,
): { readonly reason: string; readonly since: string } {
  return { reason: reason === '' ? words.say('halt-no-reason') : reason, since };
}
