/**
 * What the firmware and the initramfs of the old laptops make of leases, written from their description (facts, sections
 * 7.1 to 7.6) and without a line of the program that it judges: even the signature scheme is done by hand.
 */
import { createHash } from 'node:crypto';

/** A laptop as its manufacturing data describe it; keys are the bytes of `NAME.public`. */
export type OldLaptop = { readonly sn: string; readonly uuid: string; readonly keys: readonly Uint8Array[] };

/** A clock before this stands for one that was never set: then every lease counts as expired. */
const sanity = '20070101T000000Z';
const never = '00000000T000000Z';
const longestLine = 8192;
const mostGroups = 100;
const expiryPattern = /^\d{8}T\d{6}Z$/;

/**
 * The search in `lease.sig`: lines in their order, those of others skipped; the first of this laptop decides. `run` boots
 * the system, `act` asks for activation. `clock` is as in the records, `20260101T000000Z`.
 */
export function bootsWith(file: string, laptop: OldLaptop, clock: string): 'run' | 'act' {
  for (const line of file.split('\n')) {
    const [kind, sn, disposition = '', expiry = '', ...rest] = line.split(' ');
    if (line.length > longestLine || kind !== 'act01:' || sn !== laptop.sn) continue;
    const text = `${laptop.sn}:${laptop.uuid}:${disposition}:${expiry}`;
    const isGood = disposition.length === 1 && isSigned(text, rest.join(' '), laptop, clock);
    return clock >= sanity && isLater(expiry, clock) && isGood ? 'run' : 'act';
  }
  return 'act';
}

/** True for a developer key of this laptop in `develop.sig`. */
export function isDeveloper(file: string, laptop: OldLaptop, clock: string): boolean {
  const line = file.split('\n').find((one) => one.startsWith(`dev01: ${laptop.sn} `));
  const [, , disposition = '', expiry = '', ...rest] = (line ?? '').split(' ');
  const text = `${laptop.sn}:${laptop.uuid}:${disposition}:${expiry}`;
  return disposition.length === 1 && isLater(expiry, clock) && isSigned(text, rest.join(' '), laptop, clock);
}

/** The time that a record of `rtcreset.sig` sets the clock to, which must say `current`; undefined when it is refused. */
export function clockFrom(line: string, laptop: OldLaptop, current: string): string | undefined {
  const [kind, sn, from = '', count = '', to = '', ...rest] = line.replace(/\n$/, '').split(' ');
  if (kind !== 'rtc01:' || sn !== laptop.sn || from !== current || !/^\d{10}$/.test(count)) return undefined;
  if (!expiryPattern.test(to)) return undefined;
  const text = `${laptop.sn}:${laptop.uuid}:${from}:${count}:${to}`;
  return isSigned(text, rest.join(' '), laptop, current) ? to : undefined;
}

/** True when a delegation lets a key sign for this laptop. `to` are the bytes of its `NAME.public`. */
export function isDelegated(line: string, to: Uint8Array, laptop: OldLaptop, clock: string): boolean {
  const [kind, sn, uuid, ...rest] = line.replace(/\n$/, '').split(' ');
  if (kind !== 'del01:' || sn !== laptop.sn || uuid !== laptop.uuid) return false;
  return isSigned(`key01: ${hex(to)}\n`, rest.join(' '), laptop, clock);
}

/** What the initramfs takes out of a collection: everything from `"<SN>":"` to the next quote. */
export function searchCollection(file: string, sn: string): string | undefined {
  const from = file.indexOf(`"${sn}":"`);
  if (!file.startsWith('[1,{"') || from < 0) return undefined;
  const text = file.slice(from + sn.length + 4);
  return text.slice(0, text.indexOf('"'));
}

function isSigned(text: string, line: string, laptop: OldLaptop, clock: string): boolean {
  const [form, ...words] = line.split(' ');
  if (form === 'sig01:') {
    const [hash, id, signature = '', ...more] = words;
    const key = laptop.keys.find((trusted) => hex(trusted).slice(-64) === id);
    return hash === 'sha256' && more.length === 0 && key !== undefined && isRight(text, signature, key);
  }
  if (form !== 'sig02:' || words.length === 0 || words.length % 4 !== 0 || words.length > 4 * mostGroups)
    return false;
  for (let at = 0; at < words.length; at += 4) {
    const [hash, named = '', expiry = '', signature = ''] = words.slice(at, at + 4);
    const next = words[at + 5];
    const signed = `${laptop.sn}:${expiry}:${next === undefined ? text : `key01: ${next}\n`}`;
    const key = at === 0 ? trustedKey(named, laptop) : keyOf(named);
    if (hash !== 'sha256' || key === undefined || !isLater(expiry, clock) || !isRight(signed, signature, key))
      return false;
  }
  return true;
}

function trustedKey(named: string, { keys }: OldLaptop): Uint8Array | undefined {
  return keys.find((key) => named === hex(key) || named === hex(key).slice(-64));
}

function keyOf(text: string): Uint8Array | undefined {
  return /^[0-9a-f]{540}$/.test(text) ? Buffer.from(text, 'hex') : undefined;
}

function isLater(expiry: string, clock: string): boolean {
  return expiryPattern.test(expiry) && (expiry === never || expiry >= clock);
}

/**
 * RSASSA-PSS (RFC 8017, section 8.1.2) with SHA-256, MGF1 with SHA-256 and a salt of 8 bytes. The key is an
 * `RSAPublicKey` of 270 bytes: the modulus stands from byte 9 on, the exponent is 65537.
 */
function isRight(text: string, signature: string, key: Uint8Array): boolean {
  if (!/^[0-9a-f]{512}$/.test(signature) || !hex(key).startsWith('3082010a0282010100')) return false;
  if (!hex(key).endsWith('0203010001')) return false;
  const modulus = BigInt(`0x${hex(key.subarray(9, 9 + 256))}`);
  const given = BigInt(`0x${signature}`);
  if (given >= modulus) return false;
  let power = given;
  for (let i = 0; i < 16; i += 1) power = (power * power) % modulus;
  const block = Buffer.from(((power * given) % modulus).toString(16).padStart(512, '0'), 'hex');
  const [masked, digest] = [block.subarray(0, 223), block.subarray(223, 255)];
  if (block[255] !== 0xbc || (masked[0]! & 0x80) !== 0) return false;
  const mask = maskOf(digest, 223);
  const data = Buffer.from(masked.map((byte, at) => byte ^ mask[at]!));
  data[0] = data[0]! & 0x7f;
  if (!data.subarray(0, 214).equals(Buffer.alloc(214)) || data[214] !== 1) return false;
  const message = sha256(Buffer.from(text, 'latin1'));
  return sha256(Buffer.concat([Buffer.alloc(8), message, data.subarray(215)])).equals(digest);
}

function maskOf(seed: Uint8Array, length: number): Buffer {
  const pieces: Buffer[] = [];
  for (let count = 0; pieces.length * 32 < length; count += 1) {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(count);
    pieces.push(sha256(Buffer.concat([seed, number])));
  }
  return Buffer.concat(pieces).subarray(0, length);
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
