import { type MessageCode, messages } from '../base/catalogue.ts';
import { SatchelError } from '../base/errors.ts';
import { Fields } from '../base/fields.ts';
import { readRefusal } from '../base/refusal.ts';
import { refusalParameters } from '../base/refusal-parameters.ts';
import type { Enrolling } from '../fleet/enrol-types.ts';
import type { Upstream, UpstreamAnswer } from './upstream.ts';

/**
 * Passes the enrolment of a device on to the place above, which knows the tokens. Throws the sentence with which the
 * origin refuses (`enrol-token-…`, `device-…`), `site-upstream-without-api`, `site-upstream-refused`, and what asking
 * throws.
 */
export async function enrolAbove(
  upstream: Upstream,
  body: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Enrolling> {
  const answer = await upstream.request({ method: 'POST', path: 'api/v1/devices', body, signal });
  if (answer.status !== 200) throw refusal(answer, upstream.location);
  return parseEnrolled(answer.body);
}

/** The device with a key, as the place above knows it; undefined: the key is worth nothing. Throws as `request` does. */
export async function findAbove(
  upstream: Upstream,
  keyId: string,
  signal: AbortSignal | undefined,
): Promise<Enrolling | undefined> {
  const answer = await upstream.request({ method: 'GET', path: `api/v1/devices/${keyId}`, signal });
  if (answer.status === 200) return parseEnrolled(answer.body);
  if (readRefusal(answer.body).code === 'device-not-enrolled') return undefined;
  throw refusal(answer, upstream.location);
}

function parseEnrolled(body: Uint8Array): Enrolling {
  const fields = Fields.parse(body, 'enrolled');
  fields.expectFormat('enrolled', 1);
  const key = fields.text('key');
  if (Buffer.from(key, 'base64url').length !== 32) throw fields.wrong('key');
  return {
    key,
    serial: fields.has('serial') ? fields.text('serial') : undefined,
    model: fields.has('model') ? fields.text('model') : undefined,
    device: fields.text('device'),
  };
}

function refusal({ status, body }: UpstreamAnswer, upstream: string): SatchelError {
  if (status === 404 || status === 405) return new SatchelError('site-upstream-without-api', { upstream });
  const { code, message } = readRefusal(body);
  const isKnown = /^(?:enrol-token-|device-(?:serial|key)-)/.test(code) && Object.hasOwn(messages, code);
  if (isKnown) return new SatchelError(code as MessageCode, refusalParameters(message, code as MessageCode));
  return new SatchelError('site-upstream-refused', { upstream, status, reason: message || '—' });
}
