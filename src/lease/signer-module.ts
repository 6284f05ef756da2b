/**
 * What a module of PKCS#11 version 2 (a shared library of the maker of a token) offers for signing, called directly.
 * Structures are laid out as in OASIS "PKCS #11 Cryptographic Token Interface Base Specification 2.40" on 64-bit Linux:
 * every number and pointer takes 8 bytes. Calls run on threads of their own.
 */
import { createRequire } from 'node:module';
import { messageOf, SatchelError } from '../base/errors.ts';
import { functionIndex, returned } from './signer-module-numbers.ts';

/** A pointer, an address of a structure, or a number. */
type Value = Uint8Array | bigint | number | null;

/** An attribute of an object in a token, for searching. */
export type TokenAttribute = readonly [type: number, value: Uint8Array];

/** What a token says about itself. */
export type TokenInfo = {
  readonly slot: bigint;
  readonly token: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
  readonly isInitialised: boolean;
  readonly needsLogin: boolean;
};

/** An open module. Every function throws `signer-failed` with the name of the call and its answer. */
export type TokenModule = {
  readonly path: string;
  /** False for a module that takes one call at a time only. */
  readonly isParallel: boolean;
  tokens(): Promise<readonly TokenInfo[]>;
  openSession(slot: bigint): Promise<bigint>;
  closeSession(session: bigint): Promise<void>;
  closeAllSessions(slot: bigint): Promise<void>;
  /** Who logs in: 1 the user of the token, 2 the owner of the key that is about to sign. */
  login(session: bigint, who: 1 | 2, pin: Uint8Array): Promise<void>;
  /** Objects with all these attributes, at most 2. */
  find(session: bigint, wanted: readonly TokenAttribute[]): Promise<readonly bigint[]>;
  /** An attribute of up to 1024 bytes; undefined where the object has none or does not show it. */
  attribute(session: bigint, object: bigint, type: number): Promise<Uint8Array | undefined>;
  /** `authenticate` runs between the beginning and the signature. */
  sign(session: bigint, order: SignOrder): Promise<Uint8Array>;
};

/** What to sign, and how. */
export type SignOrder = {
  readonly key: bigint;
  readonly mechanism: number;
  readonly parameters: Uint8Array;
  readonly data: Uint8Array;
  readonly authenticate?: () => Promise<void>;
};

const wordSize = 8;
/** Flags of a token. */
const loginRequired = 0x4n;
const tokenInitialised = 0x400n;
const largestAttribute = 1024;

/** A module is initialised once in a process, so it is kept once it is open. */
const open = new Map<string, Promise<TokenModule>>();

/** Opens a module. Throws `signer-module-unusable`. */
export function openModule(path: string): Promise<TokenModule> {
  let module = open.get(path);
  if (module === undefined) {
    module = loadModule(path);
    open.set(path, module);
    module.catch(() => open.delete(path));
  }
  return module;
}

async function loadModule(path: string): Promise<TokenModule> {
  let caller: Caller;
  try {
    caller = createCaller(path);
  } catch (error) {
    throw new SatchelError('signer-module-unusable', { path, why: messageOf(error) }, { cause: error });
  }
  const isParallel = await initialise(caller);
  return { path, isParallel, ...sessionCalls(caller), ...objectCalls(caller) };
}

/** Calls functions of the module. `call` throws when one answers anything but 0. */
type Caller = {
  /** All that native code points to: what nobody holds here is unloaded or freed below its feet. */
  readonly held: Set<unknown>;
  call(name: keyof typeof functionIndex, ...values: Value[]): Promise<void>;
  answer(name: keyof typeof functionIndex, ...values: Value[]): Promise<number>;
  address(bytes: Uint8Array): bigint;
};

function createCaller(path: string): Caller {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const library = koffi.load(path);
  const list: (bigint | null)[] = [null];
  const got = library.func('unsigned long C_GetFunctionList(_Out_ void **list)')(list);
  const table = list[0];
  if (Number(got) !== 0 || table === null || table === undefined) throw new Error('C_GetFunctionList failed');
  const functions = new Map<string, (...values: unknown[]) => void>();
  const held = new Set<unknown>([library]);
  const functionOf = (name: keyof typeof functionIndex) => {
    let found = functions.get(name);
    if (found === undefined) {
      const { index, takes } = functionIndex[name];
      const pointer = koffi.decode(table, wordSize * (1 + index), 'void *');
      // Lengths and handles are numbers, all else is an address.
      const types = [...takes].map((kind) => (kind === 'n' ? 'unsigned long' : 'void *'));
      const type = koffi.proto('unsigned long', types);
      found = koffi.decode(pointer, type).async as (...values: unknown[]) => void;
      held.add(type);
      functions.set(name, found);
    }
    return found;
  };
  const answer: Caller['answer'] = (name, ...values) =>
    new Promise((resolve, reject) => {
      held.add(values);
      functionOf(name)(...values, (error: unknown, result: number | bigint) => {
        held.delete(values);
        if (error) reject(error);
        else resolve(Number(result));
      });
    });
  return {
    held,
    answer,
    address: (bytes) => koffi.address(bytes),
    async call(name, ...values) {
      const code = await answer(name, ...values);
      if (code !== 0) throw moduleFailure(name, code);
    },
  };
}

/** What a failed call is told as; `why` begins with its name in the specification. */
function moduleFailure(name: string, code: number): SatchelError {
  return new SatchelError('signer-failed', { what: name, why: returned(code) }, { cause: code });
}

async function initialise({ answer }: Caller): Promise<boolean> {
  const withThreads = words(0n, 0n, 0n, 0n, 2n, 0n);
  const code = await answer('C_Initialize', withThreads);
  const [ok, cannotLock, alreadyInitialised] = [0, 0x0a, 0x191];
  if (code === ok || code === alreadyInitialised) return true;
  const alone = code === cannotLock ? await answer('C_Initialize', null) : code;
  if (alone === ok || alone === alreadyInitialised) return false;
  throw moduleFailure('C_Initialize', alone);
}

function sessionCalls({ call }: Caller) {
  const info = async (slot: bigint): Promise<TokenInfo> => {
    const bytes = Buffer.alloc(208);
    await call('C_GetTokenInfo', slot, bytes);
    const text = (from: number, length: number) => bytes.toString('utf8', from, from + length).trimEnd();
    const flags = bytes.readBigUInt64LE(96);
    return {
      slot,
      token: text(0, 32),
      manufacturer: text(32, 32),
      model: text(64, 16),
      serial: text(80, 16),
      isInitialised: (flags & tokenInitialised) !== 0n,
      needsLogin: (flags & loginRequired) !== 0n,
    };
  };
  return {
    async tokens(): Promise<readonly TokenInfo[]> {
      const count = words(64n);
      const slots = Buffer.alloc(64 * wordSize);
      await call('C_GetSlotList', 1, slots, count);
      const found: TokenInfo[] = [];
      for (let i = 0; i < Number(count.readBigUInt64LE()); i += 1)
        found.push(await info(slots.readBigUInt64LE(i * wordSize)));
      return found;
    },
    async openSession(slot: bigint): Promise<bigint> {
      const session = words(0n);
      await call('C_OpenSession', slot, 4, null, null, session);
      return session.readBigUInt64LE();
    },
    closeSession: (session: bigint) => call('C_CloseSession', session),
    closeAllSessions: (slot: bigint) => call('C_CloseAllSessions', slot),
    login: (session: bigint, who: 1 | 2, pin: Uint8Array) => call('C_Login', session, who, pin, pin.length),
  };
}

function objectCalls({ call, answer, address, held }: Caller) {
  return {
    async find(session: bigint, wanted: readonly TokenAttribute[]): Promise<readonly bigint[]> {
      held.add(wanted);
      const template = words(
        ...wanted.flatMap(([type, value]) => [BigInt(type), address(value), BigInt(value.length)]),
      );
      await call('C_FindObjectsInit', session, template, wanted.length).finally(() => held.delete(wanted));
      const [objects, count] = [words(0n, 0n), words(0n)];
      await call('C_FindObjects', session, objects, 2, count);
      await call('C_FindObjectsFinal', session);
      const found = Number(count.readBigUInt64LE());
      return [0, 1].slice(0, found).map((i) => objects.readBigUInt64LE(i * wordSize));
    },
    async attribute(session: bigint, object: bigint, type: number): Promise<Uint8Array | undefined> {
      const value = Buffer.alloc(largestAttribute);
      const template = words(BigInt(type), address(value), BigInt(largestAttribute));
      if ((await answer('C_GetAttributeValue', session, object, template, 1)) !== 0) return undefined;
      return value.subarray(0, Number(template.readBigUInt64LE(2 * wordSize)));
    },
    async sign(session: bigint, order: SignOrder): Promise<Uint8Array> {
      const { key, mechanism, parameters, data, authenticate } = order;
      const how = words(BigInt(mechanism), address(parameters), BigInt(parameters.length));
      held.add(parameters);
      await call('C_SignInit', session, how, key).finally(() => held.delete(parameters));
      await authenticate?.();
      const [signature, length] = [Buffer.alloc(largestAttribute), words(BigInt(largestAttribute))];
      await call('C_Sign', session, data, data.length, signature, length);
      return signature.subarray(0, Number(length.readBigUInt64LE()));
    },
  };
}

/** Numbers and addresses one after the other, as structures of the interface are. */
export function words(...values: readonly bigint[]): Buffer {
  const bytes = Buffer.alloc(values.length * wordSize);
  for (const [i, value] of values.entries()) bytes.writeBigUInt64LE(value, i * wordSize);
  return bytes;
}
