import type { BuildName, StreamName } from '../base/identifiers.ts';
import { type Catalog, openCatalog } from '../repository/catalog.ts';
import type { BuildRecord, StreamRecord } from '../repository/records.ts';
import { isSecurityBuild } from '../repository/security.ts';
import type { Store } from '../store/store.ts';
import { metadataFile } from '../trust/names.ts';
import { readIfThere } from '../trust/read-if-there.ts';
import { defaultLimits } from '../trust/roles.ts';
import { decide } from './decide.ts';
import type { OatsUpdate } from './oats-answer.ts';
import type { OatsRequest } from './oats-request.ts';

/** A repository as far as laptops are advised from it, at one moment. */
export type AdvisedRepository = {
  /** When its timestamp was signed, milliseconds since 1970. */
  readonly issued: number;
  stream(name: StreamName): StreamRecord | undefined;
  build(name: BuildName): BuildRecord | undefined;
  /** The build that laptops call by this contents hash. */
  buildOf(contentsHash: string): BuildRecord | undefined;
};

/** Milliseconds between two looks whether there is something new. */
const pause = 1000;

/**
 * The repository in a store as it is now, or was two seconds ago: looked at once a second, read anew when its timestamp has
 * changed, and the former as long as that cannot be read. Throws what reading throws until it has succeeded once.
 */
export function advisedRepository(
  store: Store,
  onFailure: (error: unknown) => void,
): () => Promise<AdvisedRepository> {
  let seen: Uint8Array | undefined;
  let looked = Number.NEGATIVE_INFINITY;
  let current: Promise<AdvisedRepository> | undefined;
  let known = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;
  const look = async () => {
    const timestamp = await readIfThere(store, metadataFile('timestamp'), { limit: defaultLimits.timestamp });
    if (timestamp === undefined || (seen !== undefined && Buffer.compare(timestamp, seen) === 0)) return;
    const read = await readRepository(store);
    seen = timestamp;
    current = Promise.resolve(read);
  };
  const lookAgain = async () => {
    try {
      await look();
    } catch (error) {
      onFailure(error);
    }
    known = performance.now();
    looking = undefined;
  };
  return async () => {
    if (current === undefined) {
      const first = readRepository(store);
      current = first;
      first.catch(() => {
        if (current === first) current = undefined;
      });
      return first;
    }
    const now = performance.now();
    if (looking === undefined && now - looked > pause) {
      looked = now;
      looking = lookAgain();
    }
    // Under load nobody waits for a look; after a silence, when much may have changed, whoever asks first does.
    if (looking !== undefined && now - known > 2 * pause) await looking;
    return current;
  };
}

async function readRepository(store: Store): Promise<AdvisedRepository> {
  const catalog = await openCatalog(store);
  const [streams, builds] = [new Map<string, StreamRecord>(), new Map<string, BuildRecord>()];
  for (const name of catalog.streamNames()) await keep(streams, name, () => catalog.stream(name));
  for (const name of catalog.buildNames()) await keep(builds, name, () => catalog.build(name));
  const byHash = new Map<string, BuildRecord>();
  for (const build of builds.values()) byHash.set(build.contents.hash, build);
  return {
    issued: issuedOf(catalog),
    stream: (name) => streams.get(name),
    build: (name) => builds.get(name),
    buildOf: (contentsHash) => byHash.get(contentsHash),
  };
}

/** What a site does not have, or what is wrong with one record, is no reason to advise nobody at all. */
async function keep<Item>(into: Map<string, Item>, name: string, read: () => Promise<Item>): Promise<void> {
  const item = await read().catch(() => undefined);
  if (item !== undefined) into.set(name, item);
}

function issuedOf({ metadata }: Catalog): number {
  return metadata.timestamp.signed.issued ?? 0;
}

/** How laptops are advised from streams. */
export type StreamAdvice = {
  /** The stream of laptops that name none. */
  readonly stream: StreamName;
  /** Where old clients get a build; `{name}` stands for it. */
  readonly updatePath: string;
  /** Milliseconds since 1970. */
  readonly now: number;
};

/** A laptop that told no version of Satchel has none, so it understands only what asks for none. */
const noClient = '0.0.0';

/**
 * The update that a laptop is to take by the stream that it follows, decided as the device itself would. None for one
 * that runs what the repository does not know: what it has may be newer, or somebody's own.
 */
export function adviseFromStreams(
  repository: AdvisedRepository,
  { serial, vhash, stream, model, client }: OatsRequest,
  advice: StreamAdvice,
): OatsUpdate | undefined {
  const record = repository.stream(stream ?? advice.stream);
  const running = vhash === undefined ? undefined : repository.buildOf(vhash);
  if (record === undefined || running === undefined) return undefined;
  const decision = decide(
    record,
    {
      identity: serial,
      model,
      running: { build: running.name, sequence: running.sequence },
      client: client ?? noClient,
    },
    { issued: repository.issued, now: advice.now },
  );
  if (decision.decision === 'stay') return undefined;
  const build = repository.build(decision.build);
  if (build === undefined) return undefined;
  return {
    hash: build.contents.hash,
    name: build.name,
    priority: decision.because === 'back' || isSecurityBuild(build) ? 'high' : 'normal',
    updatePath: advice.updatePath.replaceAll('{name}', build.name),
  };
}
