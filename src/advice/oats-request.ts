/**
 * What a laptop asks a theft-deterrence server: a form as browsers post it, `serialnum=…&version=1&nonce=…` (facts,
 * section 6.1), and what it reports with that. Which names it had for what it reports is not known; these are ours.
 */
import { type ByteString, byteString, byteStringFromText, textOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import { isBuildName, isSha256, type Sha256, type StreamName } from '../base/identifiers.ts';
import { isSerial, type Serial } from '../lease/laptop.ts';

/** The address below a server; the number is the version of the protocol. */
export const oatsPath = '/antitheft/1/';

/** Bytes of the longest request that is read. */
export const longestOatsRequest = 16 * 1024;

/** A question of one laptop. What it reports is believed by nobody. */
export type OatsRequest = {
  readonly serial: Serial;
  /** 1 to 256 bytes of its choice, one character each. */
  readonly nonce: string;
  /** The contents hash of the build that runs. */
  readonly vhash?: Sha256;
  /** Free disk space in KiB. */
  readonly freeSpace?: number;
  readonly stream?: StreamName;
  readonly model?: string;
  /** Its version of Satchel. */
  readonly client?: string;
};

const longestNonce = 256;
const mostFields = 64;

/**
 * A nonce that names the laptop which asks. An answer with a `sig01` signature does not say for whom it is, so that whoever
 * stands between could ask with this nonce for another laptop, a stolen one or one that is not; such a question is refused.
 */
export function oatsNonce(serial: Serial, random: string): string {
  return `${serial}.${random}`;
}

/** True for a nonce that {@link oatsNonce} has made for another laptop. Those of other programs name nobody. */
function isNonceOfAnother(nonce: string, serial: Serial): boolean {
  const named = nonce.split('.', 1)[0] ?? '';
  return named.length < nonce.length && isSerial(named) && named !== serial;
}

/** The body of a question. */
export function encodeOatsRequest(request: OatsRequest): string {
  const { serial, nonce, vhash, freeSpace, stream, model, client } = request;
  const fields: readonly (readonly [string, string | undefined])[] = [
    ['serialnum', serial],
    ['version', '1'],
    ['nonce', nonce],
    ['vhash', vhash],
    ['free_space', freeSpace?.toFixed(0)],
    ['stream', stream],
    ['model', model && byteStringFromText(model)],
    ['client', client && byteStringFromText(client)],
  ];
  return fields
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encoded(value)}`]))
    .join('&');
}

/**
 * Reads a question. Fields that are not known are left out, and so are reports that make no sense: a laptop gets its
 * lease whatever it reports. Throws `oats-request-invalid` with the field that is missing, there twice, or wrong.
 */
export function parseOatsRequest(body: Uint8Array): OatsRequest {
  if (body.length > longestOatsRequest) throw wrong('form');
  const fields = formOf(byteString(body));
  const serial = fields.get('serialnum')?.toUpperCase() ?? '';
  if (!isSerial(serial)) throw wrong('serialnum');
  if ((fields.get('version') ?? '1') !== '1') throw wrong('version');
  const nonce = fields.get('nonce') ?? '';
  if (nonce.length === 0 || nonce.length > longestNonce || isNonceOfAnother(nonce, serial))
    throw wrong('nonce');
  return { serial, nonce, ...reported(fields) };
}

const known: ReadonlySet<string> = new Set(['serialnum', 'version', 'nonce']);

function formOf(text: ByteString): ReadonlyMap<string, ByteString> {
  const parts = text.replace(/[\r\n]+$/, '').split('&');
  if (parts.length > mostFields) throw wrong('form');
  const fields = new Map<string, ByteString>();
  for (const part of parts) {
    const equals = part.indexOf('=');
    const name = decoded(equals < 0 ? part : part.slice(0, equals));
    if (!fields.has(name)) fields.set(name, decoded(equals < 0 ? '' : part.slice(equals + 1)));
    else if (known.has(name)) throw wrong(name);
  }
  return fields;
}

function reported(fields: ReadonlyMap<string, ByteString>): Omit<OatsRequest, 'serial' | 'nonce'> {
  const vhash = fields.get('vhash') ?? '';
  const freeSpace = fields.get('free_space') ?? '';
  const stream = fields.get('stream') ?? '';
  const model = words(fields.get('model'), 128);
  const client = words(fields.get('client'), 64);
  return {
    ...(isSha256(vhash) && { vhash }),
    ...(/^\d{1,12}$/.test(freeSpace) && { freeSpace: Number(freeSpace) }),
    ...(isBuildName(stream) && { stream: stream as string as StreamName }),
    ...(model !== undefined && { model }),
    ...(client !== undefined && { client }),
  };
}

/** Text that can be shown to people: UTF-8, not too long, without what a terminal or a page would obey. */
function words(value: ByteString | undefined, longest: number): string | undefined {
  const text = value && textOf(value);
  if (!text || text.length > longest || /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u.test(text))
    return undefined;
  return text;
}

function encoded(value: string): string {
  return value.replace(
    /[^A-Za-z0-9._~-]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** A percent sign that begins no byte stands for itself, as browsers have it. */
function decoded(text: string): ByteString {
  return text
    .replaceAll('+', ' ')
    .replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    ) as ByteString;
}

function wrong(field: string): SatchelError {
  return new SatchelError('oats-request-invalid', { field });
}
