import { mkdirSync } from 'node:fs';
import { untilAborted } from '../base/cancel.ts';
import { isSatchelError, messageOf, SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { createQueue, type Queue } from '../base/queue.ts';
import { fetchSet, removeOldParts, requireKeys, type UpstreamContext } from './upstream-fetch.ts';
import { findSet, listBuilds } from './upstream-template.ts';

/** How far the fetching of one build is. */
export type FetchProgress = {
  readonly name: BuildName;
  /** Bytes of its archive that are here, of how many; both 0 while it waits for its turn. */
  readonly done: number;
  readonly total: number;
};

/** How somebody waits for a build. */
export type FetchBuildOptions = {
  readonly signal?: AbortSignal | undefined;
  /** Told now and then how far it is. */
  readonly onProgress?: ((progress: FetchProgress) => void) | undefined;
};

/** The server that builds come from which are not here: what the setting `upstream` names. */
export type Upstream = {
  /**
   * Resolves when the build is published here: fetched once however many ask. The signal ends the waiting only; the
   * fetching goes on for whoever asks next. A failure is given again, without asking the server, for a while.
   * Throws `build-not-found` when it is not there either, `upstream-needs-keys`, and what `fetchSet` throws.
   */
  fetch(name: BuildName, options?: FetchBuildOptions): Promise<void>;
  /** Builds that could be fetched, as far as the server has listed them; asks it for a newer list, without waiting. */
  names(): readonly BuildName[];
  /** Ends what is being fetched and waits for its end; what was received stays. */
  close(): Promise<void>;
};

/** What holds where nothing else is said, in milliseconds. */
const forgetAfter = { absent: 60_000, wrong: 600_000, unreachable: 10_000 } as const;
const listedFor = 600_000;
const unlistedFor = 60_000;
/** Names come from whoever asks: failures are remembered for so many at most. */
const mostFailures = 1000;

type Failure = { readonly error: unknown; readonly until: number };
type Running = {
  readonly ended: Promise<void>;
  readonly listeners: ((progress: FetchProgress) => void)[];
};
type Listed = {
  readonly template: string;
  names: readonly BuildName[];
  until: number;
  asking: Promise<void> | undefined;
};
type State = {
  readonly context: UpstreamContext;
  readonly template: () => string | undefined;
  readonly stop: AbortController;
  readonly running: Map<BuildName, Running>;
  readonly failures: Map<string, Failure>;
  /** One build after the other: over a slow link the first is complete sooner, and publishing keeps a processor busy. */
  readonly inTurn: Queue;
  listed: Listed | undefined;
};

/**
 * The upstream that the setting names; the setting is read anew whenever it matters, and while there is none, no
 * build is found.
 */
export function upstreamOf(template: () => string | undefined, context: UpstreamContext): Upstream {
  const state: State = {
    context,
    template,
    stop: new AbortController(),
    running: new Map(),
    failures: new Map(),
    inTurn: createQueue(),
    listed: undefined,
  };
  mkdirSync(context.layout.incoming, { recursive: true });
  removeOldParts(context);
  return {
    async fetch(name, { signal, onProgress } = {}) {
      const ended = fetching(state, name);
      if (onProgress !== undefined) state.running.get(name)?.listeners.push(onProgress);
      await untilAborted(ended, signal);
    },
    names: () => namesOf(state),
    async close() {
      state.stop.abort();
      await Promise.allSettled([...state.running.values()].map(({ ended }) => ended));
      await state.listed?.asking;
    },
  };
}

/** The one fetching of a build, begun if there is none. */
function fetching(state: State, name: BuildName): Promise<void> {
  const { running, failures, context } = state;
  const template = state.template();
  if (template === undefined || state.stop.signal.aborted)
    return Promise.reject(new SatchelError('build-not-found', { name, location: context.store.location }));
  const key = `${name} ${template}`;
  const failure = failures.get(key);
  if (failure !== undefined && failure.until > context.clock()) return Promise.reject(failure.error);
  const already = running.get(name);
  if (already !== undefined) return already.ended;
  const ended = bring(state, name, template)
    .catch((error: unknown) => {
      noteFailure(state, key, error);
      throw error;
    })
    .finally(() => running.delete(name));
  // Everybody who waits may have gone when it fails.
  ended.catch(() => {});
  running.set(name, { ended, listeners: [] });
  return ended;
}

async function bring(state: State, name: BuildName, template: string): Promise<void> {
  const { context, stop, running } = state;
  requireKeys(context, withoutPassword(template));
  const temporary = context.layout.incoming;
  const { signal } = stop;
  const { place, set } = await findSet(template, name, { temporary, signal, patience: context.patience });
  try {
    const { bytes } = await state.inTurn(() =>
      fetchSet(place, set, context, {
        streams: [],
        signal,
        onProgress(done, total = 0) {
          for (const listener of running.get(name)?.listeners ?? []) listener({ name, done, total });
        },
      }),
    );
    context.reporter.notice('upstream-fetched', { build: name, location: place.location, bytes });
  } finally {
    await place.close();
  }
}

function noteFailure({ context, failures, stop }: State, key: string, error: unknown): void {
  if (stop.signal.aborted) return;
  const kind = isSatchelError(error, 'build-not-found')
    ? 'absent'
    : isSatchelError(error, 'store-unreachable', 'store-stalled', 'upstream-busy')
      ? 'unreachable'
      : 'wrong';
  const [oldest] = failures.keys();
  if (failures.size >= mostFailures && oldest !== undefined) failures.delete(oldest);
  failures.delete(key);
  failures.set(key, { error, until: context.clock() + forgetAfter[kind] });
}

/**
 * The builds as they were listed last. A list is asked for in the background: every ten minutes, and when there was
 * no answer every minute. Until there is a new one the old one counts, so that modules stay while the link is down.
 */
function namesOf(state: State): readonly BuildName[] {
  const template = state.template();
  if (template === undefined) return [];
  if (state.listed?.template !== template)
    state.listed = { template, names: [], until: 0, asking: undefined };
  const { listed } = state;
  if (listed.asking === undefined && listed.until <= state.context.clock() && !state.stop.signal.aborted)
    listed.asking = askForList(state, listed).finally(() => {
      listed.asking = undefined;
    });
  return listed.names;
}

async function askForList({ context, stop }: State, listed: Listed): Promise<void> {
  const { layout, clock, patience } = context;
  try {
    const names = await listBuilds(listed.template, {
      temporary: layout.incoming,
      signal: stop.signal,
      patience,
    });
    listed.names = names.sort();
    listed.until = clock() + listedFor;
  } catch (error) {
    listed.until = clock() + unlistedFor;
    // A server that cannot be asked, or lists nothing, is no news; a bug is.
    if (!(error instanceof SatchelError))
      context.reporter.notice('upstream-problem', problemOf(listed, error));
  }
}

function problemOf(
  { template }: Listed,
  error: unknown,
): { readonly build: string; readonly reason: string } {
  return { build: withoutPassword(template), reason: messageOf(error) };
}

function withoutPassword(template: string): string {
  return template.replace(/\/\/[^/@]*@/, '//');
}
