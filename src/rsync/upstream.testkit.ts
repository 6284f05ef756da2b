/** An empty repository with an rsync directory, for the tests of what comes from other servers. */
import { mkdirSync, readdirSync } from 'node:fs';
import type { MessageCode, MessageParameters } from '../base/catalogue.ts';
import { openCatalog } from '../repository/catalog.ts';
import { memoryStore } from '../store/memory.ts';
import { initialiseTrust } from '../trust/initialise.ts';
import { type KeyRing, memoryKeyRing } from '../trust/keys.ts';
import { rsyncLayout } from './layout.ts';
import type { UpstreamContext } from './upstream-fetch.ts';

/** One repository and what it did. */
export type Taker = UpstreamContext & {
  readonly notices: { readonly code: MessageCode; readonly parameters: MessageParameters }[];
  /** Moves the clock on, in milliseconds. */
  later(milliseconds: number): void;
  /** Names of the builds that are published. */
  builds(): Promise<readonly string[]>;
  /** Head of a stream. */
  head(stream: string): Promise<string>;
  /** What lies in the directory for builds that are not complete, and in the one for temporary files. */
  leftovers(): readonly string[];
};

let takers = 0;

/** Makes an empty repository. */
export async function emptyTaker(scratch: { file(...names: string[]): string }): Promise<Taker> {
  takers += 1;
  const layout = rsyncLayout(scratch.file(`taker-${takers}`, 'repo.rsync'));
  mkdirSync(layout.directory, { recursive: true });
  const store = memoryStore();
  let now = Date.parse('2026-01-15T12:00:00Z');
  const clock = () => {
    now += 1;
    return now;
  };
  const keys: KeyRing = memoryKeyRing(clock);
  await initialiseTrust({ store, keys, clock }, {});
  const notices: Taker['notices'] = [];
  return {
    layout,
    store,
    keys,
    clock,
    spoolDirectory: scratch.file(`taker-${takers}`, 'spool'),
    reporter: {
      progress() {},
      notice: (code, parameters = {}) => notices.push({ code, parameters }),
    },
    patience: 5_000,
    notices,
    later: (milliseconds) => {
      now += milliseconds;
    },
    builds: async () => (await openCatalog(store)).buildNames(),
    head: async (stream) => {
      const catalog = await openCatalog(store);
      const name = catalog.streamNames().find((known) => known === stream);
      return name === undefined ? '' : (await catalog.stream(name)).build.name;
    },
    leftovers: () => [layout.incoming, layout.temporary].flatMap(namesIn),
  };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
