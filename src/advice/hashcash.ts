/**
 * Proof of work for a question, so that floods cost those who send them (facts, section 6.2). The protocol names the
 * headers and not what is in them; this is hashcash of version 1, `1:<bits>:<YYMMDD>:<nonce>::<random>:<counter>`,
 * whose SHA-1 begins with so many zero bits, over the server's nonce.
 */
import { hash, randomBytes } from 'node:crypto';
import { setImmediate as breathe } from 'node:timers/promises';
import { throwIfCancelled } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';

/** What a server wants to see before it answers. */
export type HashcashChallenge = { readonly bits: number; readonly nonce: string };

/** Most bits that a client works for: some minutes on a small laptop. */
export const mostHashcashBits = 24;

const noncePattern = '[A-Za-z0-9._~+/=-]{1,128}';
const challengePattern = new RegExp(`^OLPC-hashcash bits="(\\d{1,3})", ?nonce="(${noncePattern})"$`, 'i');
const authorizationPattern = /^OLPC-hashcash hc="([!#-~]{1,512})"$/i;
const stampPattern = new RegExp(
  `^1:(\\d{1,3}):(\\d{6}):(${noncePattern})::([!-9;-~]{1,64}):([!-9;-~]{1,64})$`,
);
/** Tries between two looks at what else there is to do: a few milliseconds. */
const triesAtOnce = 2048;

/** The header `WWW-Authenticate` of a challenge. */
export function formatHashcashChallenge({ bits, nonce }: HashcashChallenge): string {
  return `OLPC-hashcash bits="${bits}", nonce="${nonce}"`;
}

/** Reads the header `WWW-Authenticate`; undefined when it is no challenge of this kind. */
export function parseHashcashChallenge(header: string): HashcashChallenge | undefined {
  const [, bits, nonce] = challengePattern.exec(header) ?? [];
  return bits === undefined || nonce === undefined ? undefined : { bits: Number(bits), nonce };
}

/** The header `Authorization` with a stamp. */
export function formatHashcash(stamp: string): string {
  return `OLPC-hashcash hc="${stamp}"`;
}

/** The stamp of a header `Authorization`; undefined when there is none. */
export function parseHashcash(header: string | undefined): string | undefined {
  return authorizationPattern.exec(header ?? '')?.[1];
}

/** What making a stamp needs beside the challenge. */
export type HashcashWork = {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Printable characters without a colon; random when absent. */
  readonly random?: string;
  readonly signal?: AbortSignal;
};

/** Works until a stamp is found; other work goes on meanwhile. Throws `oats-hashcash-too-hard`, `cancelled`. */
export async function makeHashcash({ bits, nonce }: HashcashChallenge, work: HashcashWork): Promise<string> {
  if (bits > mostHashcashBits)
    throw new SatchelError('oats-hashcash-too-hard', { bits, most: mostHashcashBits });
  const random = work.random ?? randomBytes(9).toString('base64url');
  const start = `1:${bits}:${dayOf(work.now)}:${nonce}::${random}:`;
  for (let counter = 0; ; counter += 1) {
    const stamp = `${start}${counter.toString(36)}`;
    if (zeroBits(stamp) >= bits) return stamp;
    if (counter % triesAtOnce !== triesAtOnce - 1) continue;
    throwIfCancelled(work.signal);
    await breathe();
  }
}

/** True when a stamp proves the work that was asked for. Its date is not looked at: the nonce has its own time. */
export function checkHashcash(stamp: string, { bits, nonce }: HashcashChallenge): boolean {
  const [, claimed, , resource] = stampPattern.exec(stamp) ?? [];
  return Number(claimed) >= bits && resource === nonce && zeroBits(stamp) >= bits;
}

/** The nonce that a stamp was made for, whatever it is worth. */
export function hashcashNonce(stamp: string): string | undefined {
  return stampPattern.exec(stamp)?.[3];
}

function dayOf(now: number): string {
  return new Date(now).toISOString().slice(2, 10).replaceAll('-', '');
}

/** Zero bits that the SHA-1 of a text begins with. */
function zeroBits(text: string): number {
  const digest = hash('sha1', text, 'buffer');
  let bits = 0;
  for (const byte of digest) {
    if (byte !== 0) return bits + Math.clz32(byte) - 24;
    bits += 8;
  }
  return bits;
}
