import { z } from 'zod';
import { SatchelError } from '../base/errors.ts';
import { namePattern } from '../base/identifiers.ts';
import type { EnrolledDevice } from '../fleet/enrol-types.ts';
import { count, deviceReportSchema, reportId, words } from '../fleet/report-schema.ts';

/** The newest format of what devices ask. */
const newest = 1;

const build = z.string().regex(namePattern).meta({ description: 'Name of a build' });
const stream = z.string().regex(namePattern).meta({ description: 'Name of a stream' });
const version = z
  .string()
  .regex(/^\d{1,6}\.\d{1,6}\.\d{1,6}$/)
  .meta({ description: 'Version of the program of the device, major.minor.patch' });
const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  .meta({ description: 'A time, UTC' });
const milliseconds = z.int().meta({ description: 'Milliseconds since 1970' });
const tenThousandth = z.int().min(0).max(10_000);

const publicKey = z
  .string()
  .regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/)
  .meta({ description: 'The 32 bytes of an Ed25519 public key, base64url' });

/** The name of a key of a device. */
export const keyIdSchema = z
  .string()
  .regex(/^[0-9a-f]{32}$/)
  .meta({ description: 'First 32 hex digits of SHA-256 over the 32 bytes of the public key' });

const device = {
  key: publicKey,
  serial: words(64).exactOptional().meta({ description: 'What the manufacturer calls the device' }),
  model: words(128).exactOptional(),
  device: reportId.meta({ description: 'The random id that the device has in its reports' }),
};

/** How a device enrols; the request is signed by the key. */
export const enrolRequestSchema = z.object({
  satchel: z.literal('enrol'),
  format: z.int().min(1),
  token: z.string().min(1).max(512),
  ...device,
});

/** A device that is enrolled. */
export const enrolledSchema = z.object({
  satchel: z.literal('enrolled'),
  format: z.literal(1),
  keyId: keyIdSchema,
  ...device,
  time: time.meta({ description: 'The time of the place, for a device whose clock is dead' }),
});

/** What a device asks; the request is signed by its key, which also says which device it is. */
export const adviceRequestSchema = z.object({
  satchel: z.literal('advice-request'),
  format: z.int().min(1),
  stream: stream.exactOptional().meta({ description: 'The stream that it follows; absent: stable' }),
  running: z
    .object({
      build,
      sequence: count
        .exactOptional()
        .meta({ description: 'Place of the build in the order of publications' }),
    })
    .exactOptional()
    .meta({ description: 'What it has booted; absent: nothing yet' }),
  client: version,
  reports: z
    .array(deviceReportSchema)
    .max(200)
    .exactOptional()
    .meta({ description: 'Its own reports, which the place stores before it answers' }),
});

/** What a device asks, as it was understood. */
export type AdviceRequest = z.infer<typeof adviceRequestSchema>;

const decisionSchema = z.union([
  z.object({
    decision: z.literal('take'),
    build,
    because: z.enum(['everybody', 'share', 'early', 'back', 'waypoint', 'client']),
    bucket: tenThousandth.exactOptional(),
    share: tenThousandth.exactOptional(),
  }),
  z.object({
    decision: z.literal('stay'),
    because: z.enum([
      ...([
        'current',
        'halted',
        'paused',
        'not-before',
        'quiet',
        'share',
        'reserved',
        'not-included',
      ] as const),
      ...(['client-too-old', 'newer'] as const),
    ]),
    bucket: tenThousandth.exactOptional(),
    share: tenThousandth.exactOptional(),
    next: milliseconds.exactOptional(),
    reason: z.string().exactOptional(),
  }),
]);

/** What a place answers. */
export const adviceSchema = z.object({
  satchel: z.literal('advice'),
  format: z.literal(1),
  time: time.meta({ description: 'The time of the place. It is not signed: nothing is to be trusted by it' }),
  stream,
  decision: decisionSchema.exactOptional().meta({
    description: 'What the device decides itself from the signed record; absent: no such stream here',
  }),
  build: z
    .object({ name: build, contentsHash: z.string(), sequence: count })
    .exactOptional()
    .meta({ description: 'The build to take, where it is known here' }),
  lease: z
    .string()
    .exactOptional()
    .meta({ description: 'act01 lines, each with its line feed; the device verifies them' }),
  stolen: z
    .boolean()
    .meta({ description: 'True by a signed mark. A device believes the signed list of the repository only' }),
  reports: z
    .object({ stored: count, known: count, refused: count })
    .exactOptional()
    .meta({ description: 'What became of the reports; the device may forget all of them' }),
});

/** What a place answers, as it is written. */
export type Advice = z.infer<typeof adviceSchema>;

/** A request that was made at another time, or came twice. */
export const staleSchema = z.object({
  code: z.literal('device-signature-stale'),
  message: z.string(),
  time,
  nonce: z
    .string()
    .meta({ description: 'Sign the request again with this nonce; `created` may be any time then' }),
});

/** Every other refusal. */
export const refusalSchema = z.object({
  code: z.string().meta({ description: 'The code of the sentence: see errors.md' }),
  message: z.string().meta({ description: 'The sentence, in the language of the reader' }),
});

/** What the API says of a device. */
export function enrolledAnswer(enrolled: EnrolledDevice, now: string): z.infer<typeof enrolledSchema> {
  const { keyId, key, serial, model, device: id } = enrolled;
  return {
    ...{ satchel: 'enrolled', format: 1, keyId, key },
    ...(serial === null ? {} : { serial }),
    ...(model === null ? {} : { model }),
    ...{ device: id, time: now },
  };
}

/**
 * Reads the body of a request by its schema. Throws `record-invalid` with the field that is wrong and nothing of what was
 * in it, `record-no-object` and `record-newer`.
 */
export function parseBody<Schema extends z.ZodType<{ readonly format: number }>>(
  schema: Schema,
  body: Uint8Array,
  what: string,
): z.infer<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (error) {
    throw new SatchelError('record-invalid', { what, field: 'JSON' }, { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SatchelError('record-no-object', { what });
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path.map(String).join('.') || 'format';
    throw new SatchelError('record-invalid', { what, field: field.slice(0, 100) });
  }
  const { format } = parsed.data;
  if (format > newest) throw new SatchelError('record-newer', { what, format, newest });
  return parsed.data;
}
