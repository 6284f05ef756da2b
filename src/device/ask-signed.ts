import { type KeyObject, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { signRequest } from '../advice/device-signature.ts';
import type { Clock } from '../base/clock.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { Fields } from '../base/fields.ts';
import type { HttpAnswer } from '../store/http.ts';
import { openTimeFloor } from '../trust/floor.ts';
import type { Listener } from './send-report.ts';

/** Most bytes of an answer: a lease through a long chain of keys is the largest of it. */
const answerLimit = 256 * 1024;

/** What a device asks with its signature. */
export type SignedQuestion = {
  readonly key: KeyObject;
  /** Below the address of the source: `api/v1/advice`. */
  readonly path: string;
  readonly body: Uint8Array;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Asks the source of a device with its signature. Where the clocks do not agree, it signs a second time over the nonce that
 * the source gives: a device with a dead clock gets the same answer. Throws `advice-no-way` for a source that is a
 * directory, and what reaching the source throws; the status is for the caller to judge.
 */
export async function askSigned(
  { ask, store, layout }: Listener,
  { key, path, body, clock, signal }: SignedQuestion,
): Promise<HttpAnswer> {
  if (ask === undefined) throw new SatchelError('advice-no-way', { source: store.location });
  const now = openTimeFloor(join(layout.trust, 'floor'), clock).now();
  const send = (nonce: string) => {
    const signed = signRequest(
      key,
      // What stands before it in the address is the business of a proxy that takes it away.
      { method: 'POST', path: `/${path}` },
      { body, created: Math.max(0, Math.floor(now / 1000)), nonce },
    );
    const headers = { 'Content-Type': 'application/json', 'Accept-Language': 'en', ...signed };
    return ask({ method: 'POST', path, headers, body, limit: answerLimit, signal });
  };
  const answer = await send(randomBytes(16).toString('base64url'));
  const nonce = answer.status === 401 ? nonceIn(answer.body) : undefined;
  return nonce === undefined ? answer : await send(nonce);
}

function nonceIn(body: Uint8Array): string | undefined {
  try {
    const fields = Fields.parse(body, 'answer');
    const nonce = fields.has('nonce') ? fields.text('nonce') : '';
    return /^[A-Za-z0-9_-]{16,64}$/.test(nonce) ? nonce : undefined;
  } catch (error) {
    if (isSatchelError(error, 'record-invalid')) return undefined;
    throw error;
  }
}
