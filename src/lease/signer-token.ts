import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { throwIfCancelled, untilAborted } from '../base/cancel.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { createPool, type Pool } from '../base/pool.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { checkedKey, checkedSignature, isPinTrouble } from './signer-check.ts';
import { openModule, type TokenAttribute, type TokenInfo, type TokenModule, words } from './signer-module.ts';
import { answers, attributes, kinds, lostToken, pss } from './signer-module-numbers.ts';
import type { Signer, SignerOptions } from './signer-type.ts';
import { parseTokenUri, type TokenUri, usualModule } from './signer-uri.ts';

/** A token with its sessions open and its key found. */
type Connection = {
  readonly sessions: Pool<bigint>;
  readonly key: bigint;
  readonly publicKey: KeyObject;
  /** True for a key that wants the PIN before each signature. */
  readonly asksAlways: boolean;
};

type Opening = { readonly uri: TokenUri; readonly module: TokenModule; readonly pin: Uint8Array | undefined };

const mostSessions = 4;

/**
 * A signer whose key never leaves its token. Sessions stay open; a token that was pulled out and put back is opened
 * again at the next signature. Throws `signer-…`.
 */
export async function openTokenSigner(reference: string, options: SignerOptions): Promise<Signer> {
  const uri = parseTokenUri(reference);
  const path = uri.modulePath ?? usualModule();
  if (path === undefined) throw new SatchelError('signer-module-needed');
  const module = await openModule(path);
  const opening = { uri, module, pin: pinOf(uri, options.passphrase) };
  let connection = connect(opening);
  connection.catch(() => {});
  const { publicKey } = await untilAborted(connection, options.signal);
  const sign = async (bytes: Uint8Array, mayReconnect: boolean): Promise<Uint8Array> => {
    const used = connection;
    let found: Connection | undefined;
    try {
      found = await used;
      // Another has opened it again meanwhile, and closed these sessions.
      if (connection !== used) return await sign(bytes, mayReconnect);
      return await signIn(opening, found, bytes);
    } catch (error) {
      if (!mayReconnect || !isWorthReconnecting(error, found !== undefined)) throw error;
      // Whoever comes first opens it again; the others find it open.
      if (connection === used) connection = reconnect(opening, used, publicKey);
      return sign(bytes, false);
    }
  };
  return {
    publicKey,
    async sign(bytes, { signal } = {}) {
      throwIfCancelled(signal);
      const signature = await untilAborted(sign(bytes, true), signal);
      return checkedSignature(signature, bytes, publicKey, nameOf(uri));
    },
    async close() {
      const last = await connection.catch(() => undefined);
      await last?.sessions.close((session) => module.closeSession(session).catch(() => {}));
    },
  };
}

async function signIn(
  { module, pin }: Opening,
  connection: Connection,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const { sessions, key, asksAlways } = connection;
  const order = {
    key,
    mechanism: pss.mechanism,
    parameters: words(pss.sha256, pss.maskSha256, 8n),
    data: hash('sha256', bytes, 'buffer'),
  };
  return sessions.use((session) =>
    module.sign(session, {
      ...order,
      ...(asksAlways && pin !== undefined ? { authenticate: () => module.login(session, 2, pin) } : {}),
    }),
  );
}

/**
 * True after a failure that may be over by now. A wrong PIN is never tried again by itself: after a few times a token locks
 * itself for good.
 */
function isWorthReconnecting(error: unknown, wasOpen: boolean): boolean {
  if (wasOpen) return isSatchelError(error, 'signer-failed') && lostToken.has(error.cause);
  return isSatchelError(error) && !isPinTrouble(error);
}

async function reconnect(
  opening: Opening,
  lost: Promise<Connection>,
  publicKey: KeyObject,
): Promise<Connection> {
  const closeAll = ({ sessions }: Connection) =>
    sessions.close((session) => opening.module.closeSession(session).catch(() => {}));
  const former = await lost.catch(() => undefined);
  if (former !== undefined) await closeAll(former);
  const found = await connect(opening);
  if (found.publicKey.equals(publicKey)) return found;
  await closeAll(found);
  throw new SatchelError('signer-key-missing', { signer: nameOf(opening.uri) });
}

async function connect(opening: Opening): Promise<Connection> {
  const { uri, module, pin } = opening;
  const token = await tokenOf(uri, module);
  if (token.needsLogin && pin === undefined)
    throw new SatchelError('signer-pin-needed', { token: token.token });
  const first = await module.openSession(token.slot);
  try {
    if (pin !== undefined) await login(opening, first, token);
    const { key, publicKey } = await findKey(opening, first);
    const asks = await module.attribute(first, key, attributes.alwaysAuthenticate);
    const sessions = [first];
    const wanted = module.isParallel ? Math.min(availableParallelism(), mostSessions) : 1;
    while (sessions.length < wanted) sessions.push(await module.openSession(token.slot));
    return { sessions: createPool(sessions), key, publicKey, asksAlways: asks?.[0] === 1 };
  } catch (error) {
    await module.closeSession(first).catch(() => {});
    throw error;
  }
}

async function tokenOf(uri: TokenUri, module: TokenModule): Promise<TokenInfo> {
  const fits = (await module.tokens()).filter(
    (token) =>
      token.isInitialised &&
      (['token', 'serial', 'manufacturer', 'model'] as const).every(
        (name) => uri[name] === undefined || uri[name] === token[name],
      ) &&
      (uri['slot-id'] === undefined || BigInt(uri['slot-id']) === token.slot),
  );
  const [token] = fits;
  if (token === undefined) throw new SatchelError('signer-token-missing', { signer: nameOf(uri) });
  if (fits.length > 1)
    throw new SatchelError('signer-token-unclear', { signer: nameOf(uri), count: fits.length });
  return token;
}

async function login({ module, pin }: Opening, session: bigint, { token }: TokenInfo): Promise<void> {
  try {
    await module.login(session, 1, pin as Uint8Array);
  } catch (error) {
    const answer = error instanceof SatchelError ? error.cause : undefined;
    if (answer === answers.userAlreadyLoggedIn) return;
    if (answer === answers.pinLocked) throw new SatchelError('signer-pin-locked', { token });
    if (answer === answers.pinIncorrect || answer === answers.pinInvalid || answer === answers.pinLength)
      throw new SatchelError('signer-pin-wrong', { token });
    throw error;
  }
}

async function findKey(
  { uri, module }: Opening,
  session: bigint,
): Promise<{ readonly key: bigint; readonly publicKey: KeyObject }> {
  const signer = nameOf(uri);
  const wanted: TokenAttribute[] = [
    [attributes.class, words(kinds.privateKey)],
    [attributes.keyType, words(kinds.rsa)],
  ];
  if (uri.object !== undefined) wanted.push([attributes.label, Buffer.from(uri.object)]);
  if (uri.id !== undefined) wanted.push([attributes.id, Buffer.from(uri.id, 'latin1')]);
  const [key, another] = await module.find(session, wanted);
  if (key === undefined) throw new SatchelError('signer-key-missing', { signer });
  if (another !== undefined) throw new SatchelError('signer-key-unclear', { signer });
  const n = await module.attribute(session, key, attributes.modulus);
  const e = await module.attribute(session, key, attributes.publicExponent);
  if (n === undefined || e === undefined || n.length === 0)
    throw new SatchelError('signer-key-unfit', { signer });
  const jwk = {
    kty: 'RSA',
    n: Buffer.from(n).toString('base64url'),
    e: Buffer.from(e).toString('base64url'),
  };
  return { key, publicKey: checkedKey(createPublicKey({ key: jwk, format: 'jwk' }), signer) };
}

/** The PIN from the option, the file that the URI names, or the environment, in this order. */
function pinOf({ pinFile }: TokenUri, passphrase: string | undefined): Uint8Array | undefined {
  const inFile = (path: string) =>
    withSystemErrors('read', path, () => readFileSync(path, 'utf8')).split(/\r?\n/)[0];
  const pin = passphrase ?? (pinFile === undefined ? undefined : inFile(pinFile)) ?? process.env.SATCHEL_PIN;
  return pin === undefined || pin === '' ? undefined : Buffer.from(pin);
}

/** What a signer is called in sentences. */
function nameOf({ token, object, id }: TokenUri): string {
  const hex = id === undefined ? undefined : Buffer.from(id, 'latin1').toString('hex');
  return [token, object ?? hex].filter((word) => word !== undefined).join('/') || 'pkcs11';
}
