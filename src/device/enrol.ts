import { createPublicKey } from 'node:crypto';
import { deviceKeyId, rawPublicKey } from '../advice/device-signature.ts';
import { type MessageCode, messages } from '../base/catalogue.ts';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import { readRefusal } from '../base/refusal.ts';
import { refusalParameters } from '../base/refusal-parameters.ts';
import type { HttpAnswer } from '../store/http.ts';
import { askSigned } from './ask-signed.ts';
import { type Enrolment, isCopied, makeDeviceKey, readDeviceKey, writeEnrolment } from './enrol-key.ts';
import type { DeviceLayout } from './layout.ts';
import { modelOf, nextMaker, readMaker, serialOf, writeMaker } from './report-maker.ts';
import type { Listener } from './send-report.ts';

/** Where a place lets devices in. */
const path = 'api/v1/devices';

/** What enrolling needs beside the device and its source. */
export type EnrolOptions = {
  readonly token: string;
  /** True: with a new key, whatever there is. */
  readonly renew?: boolean;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Shows the key of this device to its source with a token; makes one when there is none. The key is on disk before anybody
 * hears of it, so a call that was cut may be made again with the same token. Throws `enrol-token-…`,
 * `device-serial-taken`, `device-key-revoked`, `advice-no-way`, `advice-unavailable`, and what reaching the source throws.
 */
export async function enrolDevice(listener: Listener, options: EnrolOptions): Promise<Enrolment> {
  const { layout, store } = listener;
  const serial = serialOf(layout);
  const model = modelOf(layout);
  const device = idOf(layout, options.clock());
  const kept = options.renew === true || isCopied(layout) ? undefined : readDeviceKey(layout);
  const key = kept ?? makeDeviceKey(layout);
  const raw = rawPublicKey(createPublicKey(key));
  const body = Buffer.from(
    JSON.stringify({
      ...{ satchel: 'enrol', format: 1, token: options.token },
      ...{ key: Buffer.from(raw).toString('base64url'), serial, model, device },
    }),
    'utf8',
  );
  const answer = await askSigned(listener, { ...options, key, path, body });
  if (answer.status !== 200) throw refusalOf(answer, store.location);
  const enrolment = {
    ...{ source: store.location, keyId: deviceKeyId(raw), device },
    ...(serial === undefined ? {} : { serial }),
  };
  writeEnrolment(layout, enrolment);
  return enrolment;
}

/** The sentence with which a place refuses a device. */
export function refusalOf(
  { status, body }: Pick<HttpAnswer, 'status' | 'body'>,
  source: string,
): SatchelError {
  const { code, message } = readRefusal(body);
  const isOurs =
    /^(?:enrol-token-|device-(?:serial|key|not|signature)-)/.test(code) && Object.hasOwn(messages, code);
  if (!isOurs) return new SatchelError('advice-unavailable', { source, status });
  const known = code as MessageCode;
  return new SatchelError(known, { ...refusalParameters(message, known), place: source });
}

/** The random id of this device in reports, on disk from now on. */
function idOf(layout: DeviceLayout, now: number): string {
  const known = readMaker(layout);
  const maker = nextMaker(layout, now);
  if (known?.device === maker.device) return known.device;
  // Nothing has been told by it yet.
  const { last: _, ...others } = maker;
  writeMaker(layout, { ...others, sequence: maker.sequence - 1 });
  return maker.device;
}
