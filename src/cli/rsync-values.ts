/** What people write about rsync clients on the command line: each parser throws with exit code 2. */
import { resolve } from 'node:path';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { defaultRsyncPort, type RsyncAddress } from '../rsync/daemon-address.ts';
import { isUserName, mostSettings } from '../rsync/settings.ts';
import { checkUpstream } from '../rsync/upstream-template.ts';
import type { Parser } from './command.ts';
import { duration, listenAddress, text } from './options.ts';

/** As any address to listen on, and a host alone, which gets the usual port. */
export const rsyncAddress: Parser<RsyncAddress> = (given, label) => {
  try {
    const isHost = /^\s*(?:\[[0-9a-f:.%\w-]+\]|[a-z0-9.-]*[a-z.][a-z0-9.-]*)\s*$/i.test(given);
    return listenAddress(isHost ? `${given.trim()}:${defaultRsyncPort()}` : given, label);
  } catch (error) {
    if (!isSatchelError(error, 'address-not-understood')) throw error;
    throw new SatchelError('rsync-address-not-understood', { value: given.slice(0, 200), option: label });
  }
};

/** A whole number from 0 to `most`. */
export function wholeNumber(most: number): Parser<number> {
  return (given, label) => {
    if (/^\d{1,9}$/.test(given) && Number(given) <= most) return Number(given);
    throw new SatchelError('whole-number-not-understood', {
      value: given.slice(0, 200),
      option: label,
      most,
    });
  };
}

/** Seconds of a duration up to a day, none too. */
export const waitingTime: Parser<number> = (given, label) => {
  const seconds = duration(given, label);
  if (seconds <= mostSettings.wait) return seconds;
  throw new SatchelError('whole-number-not-understood', {
    value: given,
    option: label,
    most: mostSettings.wait,
  });
};

/** A name that may stand in the settings. */
export const userName: Parser<string> = (given, label) => {
  if (isUserName(given)) return given;
  throw new SatchelError('user-not-understood', { value: given.slice(0, 200), option: label });
};

/** A directory, made absolute; null for the word `default`. */
export const directoryOrDefault: Parser<string | null> = (given, label) =>
  given === 'default' ? null : resolve(text(given, label));

/** An address with `{name}` in it; null for the word `none`. Throws `upstream-address-not-usable`. */
export const upstreamOrNone: Parser<string | null> = (given) => {
  if (given === 'none') return null;
  checkUpstream(given);
  return given;
};
