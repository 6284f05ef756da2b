import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { MessageCode } from '../base/catalogue.ts';
import { memoryStore } from '../store/memory.ts';
import type { ReadableStore, Store } from '../store/store.ts';
import { openTrustClient, type TrustClient, type TrustClientOptions } from './client.ts';
import { fetchRoot } from './fetch-root.ts';
import { type InitialiseOptions, initialiseTrust } from './initialise.ts';
import { type KeyRing, memoryKeyRing } from './keys.ts';
import type { JsonObject } from './metadata.ts';
import { readTrusted } from './metadata-store.ts';
import type { PublishOutcome } from './outcome.ts';
import type { PublishingContext } from './publication.ts';
import { publishTargets, type TargetChanges } from './publisher.ts';
import type { Role } from './roles.ts';
import { canonicalBytes, envelopeBytes } from './signatures.ts';

/** A repository in memory with a clock that tests set, for the tests of this folder. */

/** A day in 2026 on which all test repositories are made. */
export const start = Date.parse('2026-01-15T12:00:00Z');

export type TestClock = { now: number };

export type TestRepository = {
  readonly clock: TestClock;
  readonly store: Store;
  readonly keys: KeyRing;
  readonly context: PublishingContext;
  /** Publishes a build and points the stream at it, as an origin does. */
  publish(name: string, options?: Partial<PublishingContext>): Promise<PublishOutcome>;
};

/** Makes a repository with one build, `a`. */
export async function makeRepository(options: InitialiseOptions = {}): Promise<TestRepository> {
  const clock = { now: start };
  const store = memoryStore();
  const keys = memoryKeyRing(() => clock.now);
  const context: PublishingContext = { store, keys, clock: () => clock.now };
  const publish = (name: string, changed: Partial<PublishingContext> = {}) =>
    publishTargets({ ...context, ...changed }, buildChanges(name));
  await initialiseTrust(context, options);
  await publish('a');
  return { clock, store, keys, context, publish };
}

/** What publishing one build changes. */
export function buildChanges(name: string): TargetChanges {
  return {
    builds: { add: [{ path: `builds/${name}.json`, bytes: text(`build ${name}`) }] },
    deltas: { add: [{ path: `deltas/${name}.json`, bytes: text(`deltas ${name}`) }] },
    streams: { add: [{ path: 'streams/stable.json', bytes: text(`stream ${name}`) }] },
  };
}

export function text(value: string): Uint8Array {
  return Buffer.from(value, 'utf8');
}

/** A folder that is removed when the test is over. */
export function temporaryDirectory(test: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'satchel-trust-'));
  test.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export type TestClient = TrustClient & { readonly directory: string; readonly notices: MessageCode[] };

/** A client of a repository in its own folder (or a given one), with what it told. */
export function openClient(
  test: TestContext,
  repository: TestRepository,
  options: Partial<TrustClientOptions> = {},
): TestClient {
  const notices: MessageCode[] = [];
  const directory = options.directory ?? temporaryDirectory(test);
  const client = openTrustClient({
    directory,
    store: repository.store,
    clock: () => repository.clock.now,
    reporter: { progress() {}, notice: (code) => notices.push(code) },
    ...options,
  });
  return { ...client, directory, notices };
}

/** A client that has pinned the first root and refreshed. */
export async function freshClient(
  test: TestContext,
  repository: TestRepository,
  options: Partial<TrustClientOptions> = {},
): Promise<TestClient> {
  const client = openClient(test, repository, options);
  await client.pin((await fetchRoot(repository.store)).bytes);
  await client.refresh();
  return client;
}

/** The build that the stream stands for, as this client sees it. */
export async function streamOf(client: TrustClient): Promise<string> {
  return Buffer.from(await client.target('streams/stable.json')).toString('utf8');
}

/** A copy of a store as it is now. */
export async function copyOf(store: Store): Promise<Store> {
  const copy = memoryStore();
  for await (const { name } of store.list('')) await copy.put(name, await bytesIn(store, name));
  return copy;
}

/** The bytes of a stored file. */
export async function bytesIn(store: ReadableStore, name: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of (await store.read(name)).body) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** The store with some files replaced: by other bytes, by a body without end, or by nothing (undefined). */
export function tampered(
  store: Store,
  files: Record<string, Uint8Array | 'endless' | undefined>,
): ReadableStore {
  return {
    location: store.location,
    async read(name, options) {
      if (!Object.hasOwn(files, name)) return store.read(name, options);
      const file = files[name];
      if (file === undefined) return store.read(`absent/${name}`, options);
      if (file === 'endless')
        return {
          size: 1,
          body: (async function* () {
            for (;;) yield Buffer.alloc(1024 * 1024);
          })(),
        };
      return {
        size: file.length,
        body: (async function* () {
          yield file;
        })(),
      };
    },
    async close() {},
  };
}

/** Counts what is read. */
export function counted(store: ReadableStore): ReadableStore & { readonly names: string[]; bytes: number } {
  const counting = {
    location: store.location,
    names: [] as string[],
    bytes: 0,
    async read(name: string, options?: Parameters<ReadableStore['read']>[1]) {
      counting.names.push(name);
      const reading = await store.read(name, options);
      counting.bytes += reading.size;
      return reading;
    },
    async close() {},
  };
  return counting;
}

/** A metadata file with its signed part changed, signed again by the keys of a ring for some role. */
export async function forged(
  store: Store,
  file: string,
  change: (signed: JsonObject) => JsonObject,
  signer?: { readonly keys: KeyRing; readonly role: Role },
): Promise<Uint8Array> {
  const { signed, signatures } = JSON.parse((await bytesIn(store, file)).toString('utf8'));
  const next = change(signed);
  if (signer === undefined) return envelopeBytes(next, signatures);
  const bytes = canonicalBytes(next);
  const keys = signer.keys.load(signer.role);
  return envelopeBytes(
    next,
    keys.map((key) => ({ keyid: key.keyId, sig: key.sign(bytes) })),
  );
}

/** Puts bytes in place of what is stored under a name. */
export async function overwrite(store: Store, name: string, bytes: Uint8Array): Promise<void> {
  await store.delete(name);
  await store.put(name, bytes);
}

/** The versions that a repository offers now. */
export async function versionsIn(store: Store): Promise<Record<string, number>> {
  const current = await readTrusted(store);
  return {
    root: current.root.signed.version,
    timestamp: current.timestamp.signed.version,
    snapshot: current.snapshot.signed.version,
    ...Object.fromEntries([...current.roles].map(([role, { signed }]) => [role, signed.version])),
  };
}
