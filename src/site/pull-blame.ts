import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';

/** Remembers which bytes an upstream sent wrong, so that they are not asked for over and over again. */
export type Blame = {
  /** Wrong bytes came. */
  wrong(name: string, start: number): void;
  /** They came right after all. */
  right(name: string, start: number): void;
  /** The sentence to refuse with: `site-upstream-sends-wrong-bytes`; undefined when it is worth another try. */
  refusal(name: string, start: number): SatchelError | undefined;
};

/** The first time is forgiven: it may have been the link. */
const forgiven = 1;
const firstRest = 60_000;
const longestRest = 60 * 60 * 1000;
/** Places that are remembered; the oldest go first. */
const rememberedPlaces = 4096;

/** Starts with a clean sheet. `source` is who is blamed. */
export function createBlame(source: string, clock: Clock): Blame {
  const places = new Map<string, { readonly count: number; readonly until: number }>();
  return {
    wrong(name, start) {
      const place = `${name} ${start}`;
      const count = (places.get(place)?.count ?? 0) + 1;
      const rest = Math.min(longestRest, firstRest * 2 ** (count - forgiven - 1));
      places.delete(place);
      places.set(place, { count, until: count > forgiven ? clock() + rest : 0 });
      for (const oldest of places.keys()) {
        if (places.size <= rememberedPlaces) break;
        places.delete(oldest);
      }
    },
    right: (name, start) => void places.delete(`${name} ${start}`),
    refusal(name, start) {
      const { until = 0 } = places.get(`${name} ${start}`) ?? {};
      const left = until - clock();
      // A clock that was set back must not make the rest longer.
      if (left <= 0 || left > longestRest) return undefined;
      const retryAfter = Math.ceil(left / 1000);
      return new SatchelError('site-upstream-sends-wrong-bytes', { source, file: name, retryAfter });
    },
  };
}
