import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { checkHashcash, formatHashcashChallenge, hashcashNonce, parseHashcash } from '../advice/hashcash.ts';

/** Challenges of a server: nothing is remembered of those who did not meet theirs. */
export type OatsChallenges = {
  /** The header `WWW-Authenticate` for whoever has not done so many bits of work; undefined for the others. */
  unmet(authorization: string | undefined, bits: number): string | undefined;
};

/** Milliseconds for which a challenge holds at least; twice as long at most. */
const turn = 10 * 60_000;
/** Stamps of one turn that are remembered, so that none is used twice; with more than that another turn begins early. */
const mostStampsOfTurn = 100_000;

/** Begins with a new secret: what was asked before a restart is asked again. `now` is in milliseconds that only grow. */
export function oatsChallenges(
  now: () => number = () => performance.now(),
  mostStamps = mostStampsOfTurn,
): OatsChallenges {
  const secret = randomBytes(32);
  const nonceOf = (number: number) =>
    `${number}-${createHmac('sha256', secret).update(String(number)).digest('base64url').slice(0, 22)}`;
  let current = {
    number: 0,
    turns: 0,
    nonce: nonceOf(0),
    former: '',
    stamps: new Set<string>(),
    old: new Set<string>(),
  };
  const turned = () => {
    const number = Math.floor(now() / turn);
    // Who has worked so much that no more can be remembered must not keep others from being answered.
    const isFull = current.stamps.size >= mostStamps;
    if (number !== current.number || isFull) {
      const isNext = number <= current.number + 1;
      const turns = current.turns + 1;
      current = {
        number,
        turns,
        nonce: nonceOf(turns),
        former: isNext ? current.nonce : '',
        stamps: new Set(),
        old: isNext ? current.stamps : new Set(),
      };
    }
    return current;
  };
  return {
    unmet(authorization, bits) {
      if (bits === 0) return undefined;
      const { nonce, former, stamps, old } = turned();
      const stamp = parseHashcash(authorization);
      const given = stamp === undefined ? undefined : hashcashNonce(stamp);
      const isOurs =
        given !== undefined && (isEqual(given, nonce) || (former !== '' && isEqual(given, former)));
      if (
        stamp !== undefined &&
        given !== undefined &&
        isOurs &&
        checkHashcash(stamp, { bits, nonce: given })
      ) {
        if (!stamps.has(stamp) && !old.has(stamp)) {
          stamps.add(stamp);
          return undefined;
        }
      }
      return formatHashcashChallenge({ bits, nonce });
    },
  };
}

function isEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
