import { decide } from '../advice/decide.ts';
import type { Decision } from '../advice/decision.ts';
import {
  deviceKeyId,
  isSignedBy,
  parseSignature,
  type RequestHeaders,
  type SignedRequest,
} from '../advice/device-signature.ts';
import type { AdvisedRepository } from '../advice/oats-streams.ts';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import { recordTime } from '../base/fields.ts';
import { buildName, streamName } from '../base/identifiers.ts';
import type { EnrolledDevice, Enrolling } from '../fleet/enrol-types.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { isSerial } from '../lease/laptop.ts';
import type { LeaseAnswer, LeaseOffice } from '../lease/office.ts';
import {
  type Advice,
  type AdviceRequest,
  adviceRequestSchema,
  enrolRequestSchema,
  parseBody,
} from './device-api-schemas.ts';
import { createFairShare } from './fair-share.ts';

/** A request of a device as it came. */
export type DeviceRequest = {
  readonly method: string;
  /** From `/api/` on: what is signed. */
  readonly path: string;
  readonly headers: RequestHeaders;
  readonly body: Uint8Array;
  /** The joined site that passes it on. */
  readonly site?: string | undefined;
  /** Where it came from, for the share of those whose key is not known. */
  readonly address?: string | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** Signed well, but at another time or a second time: to be signed again over the nonce. */
export type Stale = { readonly kind: 'stale'; readonly nonce: string; readonly time: string };

/** What devices with a key of their own may ask. */
export type DeviceApi = {
  /** Throws `enrol-token-…`, `device-serial-taken`, `device-key-revoked`, `device-signature-wrong`, `record-invalid`. */
  enrol(request: DeviceRequest): Promise<EnrolledDevice>;
  /** For a site below: the device with this key. Throws `device-not-enrolled`. */
  find(keyId: string, from: Pick<DeviceRequest, 'site' | 'address' | 'signal'>): Promise<EnrolledDevice>;
  /** Throws `device-not-enrolled`, `device-key-revoked`, `device-signature-wrong`, `record-invalid`, `answer-busy`. */
  advise(request: DeviceRequest): Promise<{ readonly kind: 'advice'; readonly advice: Advice } | Stale>;
  now(): string;
};

/** The place above a site, which knows whom it has let in. */
export type EnrolmentAbove = {
  enrol(body: Uint8Array, signal: AbortSignal | undefined): Promise<Enrolling>;
  /** Undefined: the key is worth nothing there. Throws where nobody can be asked. */
  find(keyId: string, signal: AbortSignal | undefined): Promise<Enrolling | undefined>;
};

/** What the answers come from. */
export type DeviceApiOptions = {
  readonly fleet: () => Promise<Fleet>;
  readonly repository: () => Promise<AdvisedRepository>;
  readonly office: Pick<LeaseOffice, 'leaseFor' | 'isStolen'>;
  /** The time of the place, never before what was signed. */
  readonly clock: Clock;
  /** At a site. */
  readonly above?: EnrolmentAbove | undefined;
  /** Told of leases that cannot be read; a device gets its advice all the same. */
  readonly onFailure: (error: unknown) => void;
};

/** Milliseconds after which a site asks again whether a key is still good, and how long it waits for the answer. */
const checkPause = 86_400_000;
const checkPatience = 3000;

/** What asking for a key that is not known counts as, in bytes of the share of an address: 16 at once, then 4 an hour. */
const strangerCost = 65_536;
/** The same of the share that all have together, for the link: 512 at once, then 128 an hour. */
const strangersCost = 2048;

/** Answers devices from the fleet database, the signed records and the office for leases. */
export function deviceApi(options: DeviceApiOptions): DeviceApi {
  const { clock, above } = options;
  const mayAsk = strangersShare();
  const now = () => recordTime(clock());
  const enrolment = async () => (await options.fleet()).enrolment;
  return {
    now,
    async enrol(request) {
      const { token, key, serial, model, device } = parseBody(enrolRequestSchema, request.body, 'enrol');
      // A site has looked at the signature already, and only a site that has joined may say so.
      if (request.site === undefined) checkSignature(request, signatureOf(request), key);
      const enrolling = { key, serial, model, device };
      if (above === undefined) return await (await enrolment()).enrol(token, enrolling);
      const admitted = await above.enrol(request.body, request.signal);
      return await remember(await enrolment(), admitted);
    },
    async find(keyId, from) {
      const found = await goodKey(await enrolment(), keyId, { clock, above, mayAsk, from });
      if (found === undefined || found.isRevoked)
        throw new SatchelError('device-not-enrolled', { device: keyId });
      return found;
    },
    async advise(request) {
      const signed = signatureOf(request);
      const keys = await enrolment();
      const device = await goodKey(keys, signed.keyId, { clock, above, mayAsk, from: request });
      if (device === undefined) throw new SatchelError('device-not-enrolled', { device: signed.keyId });
      checkSignature(request, signed, device.key);
      if (device.isRevoked) throw new SatchelError('device-key-revoked');
      const asked = parseBody(adviceRequestSchema, request.body, 'advice-request');
      const freshness = await keys.admit(signed.keyId, signed);
      if (freshness.kind === 'busy') throw new SatchelError('answer-busy');
      if (freshness.kind === 'stale') return { ...freshness, time: now() };
      const reports = await storeReports(await options.fleet(), { asked, device });
      const advice = await adviseDevice(options, { asked, device, signal: request.signal });
      return { kind: 'advice', advice: { ...advice, ...(reports && { reports }) } };
    },
  };
}

function signatureOf({ headers }: DeviceRequest): SignedRequest {
  const signed = parseSignature(headers);
  if (signed === undefined) throw new SatchelError('device-signature-wrong', { place: '–' });
  return signed;
}

function checkSignature({ method, path, body }: DeviceRequest, signed: SignedRequest, key: string): void {
  if (!isSignedBy(Buffer.from(key, 'base64url'), { method, path }, { body, signed }))
    throw new SatchelError('device-signature-wrong', { place: '–' });
}

type Keys = Fleet['enrolment'];
type From = Pick<DeviceRequest, 'site' | 'address' | 'signal'>;

/**
 * Whether the place above may be asked about a key that is not known here. Anybody can make up keys, and each costs the
 * link something; what one address makes up must not use up what the others have.
 */
function strangersShare(): (from: From) => boolean {
  const each = createFairShare();
  const together = createFairShare();
  return ({ site, address }) =>
    (site !== undefined || each.take(address, strangerCost) === undefined) &&
    together.take('all', strangersCost) === undefined;
}

/**
 * The device with a key. A site asks the place above about those that it does not know, and once a day about the
 * others; where the link is down, what it knows counts.
 */
async function goodKey(
  keys: Keys,
  keyId: string,
  {
    clock,
    above,
    mayAsk,
    from,
  }: Pick<DeviceApiOptions, 'clock' | 'above'> & {
    readonly mayAsk: (from: From) => boolean;
    readonly from: From;
  },
): Promise<EnrolledDevice | undefined> {
  const known = await keys.find(keyId);
  if (above === undefined) return known;
  if (known !== undefined && Math.abs(clock() - known.checked) < checkPause) return known;
  if (known === undefined && !mayAsk(from)) throw new SatchelError('answer-busy');
  const { signal } = from;
  const patience = AbortSignal.timeout(checkPatience);
  const limit = signal === undefined ? patience : AbortSignal.any([signal, patience]);
  try {
    const found = await above.find(keyId, limit);
    if (found !== undefined) return await remember(keys, found);
    if (known !== undefined) await keys.remember(keyId, undefined);
    return known && { ...known, isRevoked: true };
  } catch (error) {
    if (known === undefined) throw error;
    return known;
  }
}

async function remember(keys: Keys, device: Enrolling): Promise<EnrolledDevice> {
  const keyId = deviceKeyId(Buffer.from(device.key, 'base64url'));
  await keys.remember(keyId, device);
  const found = await keys.find(keyId);
  if (found === undefined) throw new Error('a key that was just kept is not there');
  return found;
}

type Asking = { readonly asked: AdviceRequest; readonly device: EnrolledDevice };

/** Stores what the device tells of itself; what claims to be of another device is left out. */
async function storeReports(fleet: Fleet, { asked, device }: Asking): Promise<Advice['reports']> {
  if (asked.reports === undefined) return undefined;
  const own = asked.reports.filter(
    (report) => report.device === device.device && (report.serial ?? device.serial) === device.serial,
  );
  const { stored, known, dropped = 0 } = await fleet.storeReports(own);
  return { stored, known, refused: asked.reports.length - own.length + dropped };
}

/** What is said to a device whose request was taken. */
async function adviseDevice(
  { repository, office, clock, onFailure }: DeviceApiOptions,
  { asked, device, signal }: Asking & { readonly signal: AbortSignal | undefined },
): Promise<Advice> {
  const current = await repository();
  const stream = streamName(asked.stream ?? 'stable');
  const record = current.stream(stream);
  const running = asked.running && {
    build: buildName(asked.running.build),
    sequence: asked.running.sequence ?? current.build(buildName(asked.running.build))?.sequence,
  };
  const decision: Decision | undefined =
    record === undefined
      ? undefined
      : decide(
          record,
          {
            identity: device.serial ?? device.device,
            client: asked.client,
            ...(device.model === null ? {} : { model: device.model }),
            running,
          },
          { issued: current.issued, now: clock() },
        );
  const build = decision?.decision === 'take' ? current.build(decision.build) : undefined;
  const { serial } = device;
  const lease =
    serial !== null && isSerial(serial)
      ? await office.leaseFor(serial, { signal }).catch((error: unknown): LeaseAnswer => {
          // What is wrong with leases keeps nobody from the rest.
          if (signal?.aborted !== true) onFailure(error);
          return { kind: 'none' };
        })
      : ({ kind: 'none' } as const);
  return {
    ...{ satchel: 'advice', format: 1, time: recordTime(clock()), stream },
    ...(decision && { decision }),
    ...(build && {
      build: { name: build.name, contentsHash: build.contents.hash, sequence: build.sequence },
    }),
    ...(lease.kind === 'lease' && { lease: lease.lines }),
    stolen: lease.kind === 'stolen',
  };
}
