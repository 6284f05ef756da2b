import { recordTime } from '../base/fields.ts';
import type { Advised } from '../device/staying.ts';
import type { Halt } from '../repository/records.ts';
import type { Words } from './command.ts';

/** What a device was told to run, and by which stream. */
type Told = Advised & { readonly build: string; readonly stream?: string | undefined };

/** True when a device stays on what it has although its stream names another build. */
export function isStaying({ decision, failed, why }: Advised): boolean {
  if (failed !== undefined) return true;
  return why !== undefined && decision?.decision === 'stay' && decision.because !== 'current';
}

/** That a device stays on what it has and why, for people; nothing where it does not. */
export function stayingLines(result: Told, words: Words): string[] {
  const { build, stream = '—', halted, decision, why } = result;
  if (!isStaying(result)) return [];
  if (halted !== undefined)
    return [words.say('result-device-halted', { stream, build, ...haltWords(halted, words) })];
  return [
    ...(why === undefined ? [] : [words.say(why.code, why.parameters)]),
    ...(decision?.decision === 'stay' && decision.next !== undefined
      ? [words.say('decision-next', { next: recordTime(decision.next) })]
      : []),
  ];
}

/** Why a device takes another build than its stream's newest, for people. */
export function detourLines({ decision, failed, why }: Advised, words: Words): string[] {
  if (why === undefined || failed !== undefined || decision?.decision !== 'take') return [];
  const isDetour = ['waypoint', 'client', 'back'].includes(decision.because);
  return isDetour ? [words.say(why.code, why.parameters)] : [];
}

/** A halt as the parameters of a sentence. */
export function haltWords(
  { reason, since }: Halt,
  words: Words,
): { readonly reason: string; readonly since: string } {
  return { reason: reason === '' ? words.say('halt-no-reason') : reason, since };
}
