import { isSatchelError, SatchelError } from '../base/errors.ts';

/** Keeps whoever tries out names that nobody has from spending the link and the month of the site on it. */
export type GuessLimit = {
  /**
   * Asks the upstream for a file, unless too many of the last had names that it does not have and no signed record here
   * tells of this one either. Throws `store-not-found` then, and what `action` throws.
   */
  ask<Answer>(name: string, action: () => Promise<Answer>): Promise<Answer>;
};

export type GuessLimitOptions = {
  /** Who is asked, for the sentence. */
  readonly location: () => string;
  /** True for a file that a signed record here tells of. */
  isNamed(name: string): Promise<boolean>;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
};

/** So many wrong names are asked for at once; then one more each time that so many milliseconds have gone by. */
const mostGuesses = 200;
const guessEvery = 10_000;

/** Starts with nothing asked in vain. */
export function createGuessLimit({
  location,
  isNamed,
  now = () => performance.now(),
}: GuessLimitOptions): GuessLimit {
  let left = mostGuesses;
  let at = now();
  return {
    async ask(name, action) {
      left = Math.min(mostGuesses, left + (now() - at) / guessEvery);
      at = now();
      if (left < 1 && !(await isNamed(name)))
        throw new SatchelError('store-not-found', { location: location(), name });
      left -= 1;
      let isInVain = false;
      try {
        return await action();
      } catch (error) {
        isInVain = isSatchelError(error, 'store-not-found');
        throw error;
      } finally {
        if (!isInVain) left += 1;
      }
    },
  };
}
