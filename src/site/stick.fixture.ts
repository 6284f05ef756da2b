/** An origin, sites that never see a network, and a folder that stands for a stick: for the tests of sticks. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { MessageCode } from '../base/catalogue.ts';
import { buildName, streamName } from '../base/identifiers.ts';
import { type Reporter, silentReporter } from '../base/progress.ts';
import { type Fleet, openFleet } from '../fleet/fleet.ts';
import { removeTree } from '../os/remove-tree.ts';
import { createMissing } from '../repository/delta-create.ts';
import { publish } from '../repository/publish.ts';
import { type Files, plainDelta } from '../repository/repository.fixture.ts';
import { type DirectoryStore, openDirectoryStore } from '../store/directory.ts';
import { openTrustClient } from '../trust/client.ts';
import { initialiseTrust } from '../trust/initialise.ts';
import { type KeyRing, memoryKeyRing } from '../trust/keys.ts';
import { type SiteLayout, siteLayout } from './layout.ts';
import { defaultSiteSettings, type SiteSettings, writeSiteSettings } from './settings.ts';
import type { StickSite } from './stick-choice.ts';
import { type Loaded, type LoadOptions, loadStick } from './stick-load.ts';
import { type Prepared, type PrepareOptions, prepareStick } from './stick-prepare.ts';

export type OfflineSite = {
  readonly layout: SiteLayout;
  readonly settings: SiteSettings;
  readonly fleet: Fleet;
};

/** What a preparation is asked for. */
export type Wish = {
  readonly builds?: readonly string[];
  readonly streams?: readonly string[];
  readonly deltasOnly?: boolean;
  readonly withoutGroups?: boolean;
  readonly sites?: readonly StickSite[];
} & Partial<Omit<PrepareOptions, 'wish'>>;

export type StickFixture = {
  /** The folder that stands for a stick; `other` makes one more. */
  readonly stick: string;
  path(...names: string[]): string;
  readonly origin: DirectoryStore;
  readonly keys: KeyRing;
  readonly root: Uint8Array;
  /** What the clock shows, changed by tests. */
  readonly time: { now: number };
  /** Sentences that were said while preparing. */
  readonly said: MessageCode[];
  publish(
    name: string,
    files: Files,
    options?: { readonly streams?: readonly string[]; readonly notes?: string; readonly waypoint?: boolean },
  ): Promise<void>;
  deltas(): Promise<void>;
  /** A site that trusts the origin and has never seen it. */
  site(name: string, trustedRoot?: Uint8Array): Promise<OfflineSite>;
  prepare(wish?: Wish): Promise<Prepared>;
  load(site: OfflineSite, options?: Partial<LoadOptions>): Promise<Loaded>;
};

/** Makes an origin without builds; everything goes with the test. */
export async function stickFixture(test: TestContext): Promise<StickFixture> {
  const folder = mkdtempSync(join(tmpdir(), 'satchel-stick-'));
  const path = (...names: string[]) => join(folder, ...names);
  const fleets: Fleet[] = [];
  test.after(async () => {
    for (const fleet of fleets) await fleet.close();
    removeTree(folder);
  });
  const stick = path('stick');
  mkdirSync(stick);
  const time = { now: Date.parse('2026-03-01T12:00:00Z') };
  const clock = () => {
    time.now += 1;
    return time.now;
  };
  const said: MessageCode[] = [];
  const reporter: Reporter = { progress() {}, notice: (code) => said.push(code) };
  const origin = openDirectoryStore(path('origin'));
  const keys = memoryKeyRing(clock);
  const context = { store: origin, keys, clock };
  const { root } = await initialiseTrust(context, {});
  const spoolDirectory = path('spool');
  let scratches = 0;

  return {
    stick,
    path,
    origin,
    keys,
    root,
    time,
    said,
    async publish(name, files, { streams = ['stable'], notes = '', waypoint = false } = {}) {
      const source = path(`tree-${name}`);
      mkdirSync(source);
      for (const [file, content] of Object.entries(files)) writeFileSync(join(source, file), content);
      time.now += 60_000;
      await publish({
        ...context,
        spoolDirectory,
        source: {
          name: buildName(name),
          source: { kind: 'directory', path: source, derivedName: name },
          input: nothing(),
        },
        streams: streams.map(streamName),
        clampMtime: 0,
        keepDeltas: 4,
        waypoint,
        notes,
        reporter: silentReporter,
      });
    },
    async deltas() {
      await createMissing({ ...context, spoolDirectory, reporter: silentReporter, make: plainDelta });
    },
    async site(name, trustedRoot = root) {
      const layout = siteLayout(path(name));
      mkdirSync(layout.repository);
      mkdirSync(layout.directory, { mode: 0o700 });
      const settings = {
        ...defaultSiteSettings,
        id: randomBytes(8).toString('hex'),
        name,
        upstream: stick,
        reserve: 0,
      };
      writeSiteSettings(layout, settings);
      const client = openTrustClient({ directory: layout.trust, store: origin, clock });
      await client.pin(trustedRoot);
      const fleet = await openFleet(layout.repository, { clock });
      fleets.push(fleet);
      return { layout, settings, fleet };
    },
    prepare({ builds = [], streams = [], deltasOnly = false, withoutGroups, sites = [], ...others } = {}) {
      scratches += 1;
      const scratch = path(`scratch-${scratches}`);
      mkdirSync(scratch);
      return prepareStick({
        stick,
        source: origin,
        scratch,
        keys,
        clock,
        reporter,
        ...others,
        wish: {
          ...{ deltasOnly, withoutGroups, sites },
          ...{ builds: builds.map(buildName), streams: streams.map(streamName) },
        },
      });
    },
    load: ({ layout, settings, fleet }, options = {}) =>
      loadStick({
        stick,
        layout,
        settings,
        fleet,
        xobuilds: { directory: () => path('packed'), security: { switch: path('no-such-switch') } },
        clock,
        reporter,
        ...options,
      }),
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** The state that the page of a site shows. */
export function stateOf({ layout }: OfflineSite): Record<string, unknown> {
  return JSON.parse(readFileSync(layout.stick, 'utf8'));
}

/** Content that does not compress. */
export function noise(length: number): Buffer {
  return randomBytes(length);
}
