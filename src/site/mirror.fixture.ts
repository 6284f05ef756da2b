/** An origin in a directory and a site beside it, with a way between them that counts: for the tests of mirroring. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { buildName, streamName } from '../base/identifiers.ts';
import { silentReporter } from '../base/progress.ts';
import type { LinkRate } from '../plan/link.ts';
import { createMissing } from '../repository/delta-create.ts';
import { publish } from '../repository/publish.ts';
import { type Files, plainDelta } from '../repository/repository.fixture.ts';
import { type DirectoryStore, openDirectoryStore } from '../store/directory.ts';
import { readAll } from '../store/read-all.ts';
import type { ReadableStore } from '../store/store.ts';
import { initialiseTrust } from '../trust/initialise.ts';
import { memoryKeyRing } from '../trust/keys.ts';
import type { PublishingContext } from '../trust/publication.ts';
import { createEvictor, type Evictor } from './evict.ts';
import { type BuildUses, createBuildUses } from './evict-use.ts';
import { type SiteLayout, siteLayout } from './layout.ts';
import type { MirrorSite } from './mirror-run.ts';
import { hashedName } from './pull-name.ts';
import { openPartFile, partPath } from './pull-part-file.ts';
import type { Pace, PullThrough } from './pull-types.ts';
import { defaultSiteSettings, type SiteSettings } from './settings.ts';

export type SiteFixture = {
  readonly layout: SiteLayout;
  readonly origin: DirectoryStore;
  /** What publishing at the origin takes. */
  readonly context: PublishingContext & { readonly spoolDirectory: string };
  readonly uses: BuildUses;
  readonly evictor: Evictor;
  readonly site: MirrorSite;
  /** Changed by tests. */
  readonly state: {
    settings: SiteSettings;
    now: number;
    running: ReadonlySet<ReturnType<typeof buildName>> | undefined;
    link: LinkRate | undefined;
    monthLeft: number | undefined;
    inUse: string[];
    /** Thrown by the next read from the origin of a name that contains the text. */
    failure: { readonly name: string; readonly error: Error } | undefined;
    /** What came from the origin: names, and bytes. */
    fetched: { name: string; bytes: number }[];
  };
  /** Publishes files of a flat tree at the origin. */
  publish(
    name: string,
    files: Files,
    options?: { readonly streams?: string[]; readonly notes?: string; readonly waypoint?: boolean },
  ): Promise<void>;
  /** Makes the deltas that are missing at the origin. */
  deltas(): Promise<void>;
  /** Brings the metadata to the site, as asking for news does. */
  refresh(): void;
};

/** Makes both; they go with the test. */
export async function siteFixture(test: TestContext): Promise<SiteFixture> {
  const folder = mkdtempSync(join(tmpdir(), 'satchel-site-'));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  const directory = join(folder, 'origin');
  const layout = siteLayout(join(folder, 'site'));
  mkdirSync(layout.repository);
  mkdirSync(layout.directory, { mode: 0o700 });
  const state: SiteFixture['state'] = {
    settings: {
      id: '0123456789abcdef',
      name: 'school',
      upstream: directory,
      ...defaultSiteSettings,
      reserve: 0,
    },
    now: Date.parse('2026-03-02T12:00:00Z'),
    running: undefined,
    link: undefined,
    monthLeft: undefined,
    inUse: [],
    failure: undefined,
    fetched: [],
  };
  const clock = () => {
    state.now += 1;
    return state.now;
  };
  const origin = openDirectoryStore(directory);
  const keys = memoryKeyRing(clock);
  const context = { store: origin, keys, clock };
  await initialiseTrust(context, {});
  const spoolDirectory = join(folder, 'spool');
  const pull = copyingPull(layout, origin, state);
  const uses = createBuildUses(layout, () => state.now);
  const settings = () => state.settings;
  const evictor = createEvictor({ layout, settings, pull, uses, clock: () => state.now });
  const site: MirrorSite = {
    ...{ layout, settings, evictor, pull },
    store: pull.inBackground(async () => undefined),
    running: async () => state.running,
    link: () => state.link,
    month: () =>
      state.monthLeft === undefined
        ? undefined
        : {
            month: '2026-03',
            bytes: 0,
            budget: 1e9,
            left: state.monthLeft,
            nextBegins: '2026-04-01T00:00:00Z',
          },
    clock: () => state.now,
  };
  return {
    ...{ layout, origin, uses, evictor, site, state, context: { ...context, spoolDirectory } },
    async publish(name, files, { streams = ['stable'], notes, waypoint } = {}) {
      const path = join(folder, 'trees', name);
      mkdirSync(path, { recursive: true });
      for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content);
      const source = { kind: 'directory', path, derivedName: name } as const;
      await publish({
        ...{ ...context, spoolDirectory, notes, waypoint, reporter: silentReporter, clampMtime: 0 },
        source: { name: buildName(name), source, input: nothing() },
        streams: streams.map(streamName),
      });
    },
    async deltas() {
      await createMissing({ ...context, spoolDirectory, reporter: silentReporter, make: plainDelta });
    },
    refresh() {
      cpSync(join(directory, 'metadata'), join(layout.repository, 'metadata'), { recursive: true });
    },
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

type Pull = Pick<PullThrough, 'inBackground' | 'inUse' | 'receiving' | 'discard'>;

/** Fetches by copying: whole files into the repository, packs into parts of them. */
function copyingPull(layout: SiteLayout, origin: ReadableStore, state: SiteFixture['state']): Pull {
  const here = openDirectoryStore(layout.repository);
  const keep = async (name: string, bytes: Uint8Array, part?: { offset: number; size: number }) => {
    const hashed = hashedName(name);
    if (part !== undefined && hashed?.isPack) {
      const file = await openPartFile(layout.frames, { key: hashed.key, name, size: part.size });
      await file.write(bytes, part.offset);
      await file.close();
      return;
    }
    mkdirSync(dirname(join(layout.repository, name)), { recursive: true });
    await here.put(name, bytes);
  };
  const store = (pace: Pace): ReadableStore => ({
    location: 'the site',
    async read(name, options = {}) {
      try {
        return await here.read(name, options);
      } catch {
        // Not here: from the origin then.
      }
      if (state.failure !== undefined && name.includes(state.failure.name)) throw state.failure.error;
      const whole = await readAll(origin, name, { limit: 1e9 });
      const offset = options.offset ?? 0;
      const bytes = whole.subarray(offset, offset + (options.length ?? whole.length - offset));
      await pace(bytes.length, options.signal);
      state.fetched.push({ name, bytes: bytes.length });
      const isPack = name.startsWith('packs/');
      await keep(name, isPack ? bytes : whole, isPack ? { offset, size: whole.length } : undefined);
      return { size: whole.length, body: pieces(bytes) };
    },
    close: async () => {},
  });
  return {
    inBackground: store,
    inUse: () => state.inUse,
    receiving: () => [],
    async discard(name) {
      const hashed = hashedName(name);
      if (hashed === undefined || state.inUse.includes(name)) return false;
      const path = partPath(hashed.isPack ? layout.frames : layout.partial, hashed.key);
      rmSync(path, { force: true });
      rmSync(path.replace(/part$/, 'journal'), { force: true });
      return true;
    },
  };
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield Buffer.from(bytes);
}
