/** Devices with keys of their own in a story: real ones with a disk, and keys that sign what a test wants. */
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rawPublicKey, signRequest } from '../../src/advice/device-signature.ts';
import { done, type ProgramOptions } from '../doubles/satchel-program.ts';
import { writeTinyBuilds } from '../doubles/tiny-builds.ts';
import { type SiteStory, siteStory } from './site.testkit.ts';

/** What `satchel device advice` says. */
export type Advised = {
  readonly decision?: { readonly decision: string; readonly because: string; readonly build?: string };
  readonly lease?: string;
  readonly stolen: boolean;
  readonly reported: number;
};

/** The UUID of every laptop of the story. */
export const uuid = '1273E0EC-AEF1-9FF6-45B2-FB706DC24B8D';

/** A question of a device that runs `b1`. */
export const question = {
  satchel: 'advice-request',
  format: 1,
  client: '0.1.0',
  running: { build: 'b1' },
} as const;

/** An origin with the builds `b1` and `b2` and a key for the leases of two laptops. */
export async function keyStory(name: string): Promise<SiteStory> {
  const story = await siteStory(name);
  const file = (path: string) => story.scratch.file(path);
  const { b1, b2 } = writeTinyBuilds(story.scratch.path);
  await story.publish('b1', b1);
  await story.publish('b2', b2);
  const repo = ['--repo', story.origin.repository];
  writeFileSync(file('passphrase'), 'correct horse\n');
  writeFileSync(file('xo.csv'), `SN,UUID\nSHC00000001,${uuid}\nSHC00000002,${uuid}\n`);
  const passphrase = ['--passphrase-file', file('passphrase')];
  await done(['lease', 'key', file('master'), ...passphrase]);
  const trust = ['--trust', file('master.public')];
  await done(['lease', 'set', ...repo, '--key', file('master.private'), ...passphrase, ...trust]);
  await done(['lease', 'take', ...repo, file('xo.csv')]);
  return story;
}

/** A token of the origin for so many devices. */
export async function newToken(story: SiteStory, uses = 1): Promise<string> {
  const words = ['fleet', 'token', 'create', '--uses', String(uses), '--repo', story.origin.repository];
  return (await done<{ token: string }>(words)).token;
}

/** A device whose firmware tells a serial number. */
export async function newDevice(story: SiteStory, serial: string, source: string): Promise<string> {
  const root = await story.device(`device-${serial}`, source);
  mkdirSync(join(root, 'ofw/mfg-data'), { recursive: true });
  writeFileSync(join(root, 'ofw/mfg-data/SN'), `${serial}\0`);
  return root;
}

/** `satchel device enrol` */
export const enrol = (root: string, token: string, ...words: string[]) =>
  done<{ keyId: string }>(['device', 'enrol', '--root', root, '--token', token, ...words]);

/** `satchel device advice` */
export const advice = (root: string, words: readonly string[] = [], options?: ProgramOptions) =>
  done<Advised>(['device', 'advice', '--root', root, ...words], options);

/** A request as a program of somebody else would make it. */
export async function post(url: string, path: string, body: object, headers: Record<string, string>) {
  const answer = await fetch(`${url}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json', ...headers },
  });
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
}

/** What a device may say of when it signed. */
type When = { readonly created?: number; readonly nonce?: string };

/** The headers of a signed request; of this moment unless said otherwise. */
export function signed(key: KeyObject, path: string, body: object, when: When = {}) {
  const { created = Math.floor(Date.now() / 1000), nonce = randomBytes(16).toString('base64url') } = when;
  return signRequest(
    key,
    { method: 'POST', path },
    { body: Buffer.from(JSON.stringify(body)), created, nonce },
  );
}

/** Asks with a key for {@link question}. */
export const adviceAt = (url: string, key: KeyObject, when?: When) =>
  post(url, '/api/v1/advice', question, signed(key, '/api/v1/advice', question, when));

/** A device of which there is only a key. */
export async function strangeDevice(url: string, token: string, serial?: string) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = Buffer.from(rawPublicKey(publicKey)).toString('base64url');
  const device = randomBytes(16).toString('hex');
  const body = { satchel: 'enrol', format: 1, token, key, device, ...(serial && { serial }) };
  const answer = await post(url, '/api/v1/devices', body, signed(privateKey, '/api/v1/devices', body));
  return { privateKey, answer, body };
}
