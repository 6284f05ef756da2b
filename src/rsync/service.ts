import { mkdirSync } from 'node:fs';
import { type Language, say } from '../base/catalogue.ts';
import { messageOf, SatchelError } from '../base/errors.ts';
import { type BuildName, isBuildName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { findProgram } from '../os/process.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { Store } from '../store/store.ts';
import type { ActivitiesSource } from './activities-folder.ts';
import { keepActivities } from './activities-keeper.ts';
import { answerAsks } from './asks.ts';
import { type RsyncAddress, rsyncUrl, usableAddress } from './daemon-address.ts';
import { daemonFiles } from './daemon-files.ts';
import { type DaemonLog, followDaemonLog, isRoutine, unknownBuild } from './daemon-log.ts';
import { watchDaemon } from './daemon-watch.ts';
import type { DropContext } from './drop-options.ts';
import { watchDrop } from './drop-watch.ts';
import { type RsyncLayout, rsyncLayout } from './layout.ts';
import type { OwnBuildsContext } from './own-builds.ts';
import { keepUp, renewalOf } from './service-keeper.ts';
import type { ServiceLog } from './service-log.ts';
import { openOffer } from './service-offer.ts';
import { type LackingFiles, openTrees, type Trees } from './trees.ts';
import { upstreamOf } from './upstream.ts';

/** What the service needs. */
export type RsyncServiceOptions = {
  /** The rsync directory. */
  readonly directory: string;
  /** The repository's directory, and the same as a store, which the caller closes. */
  readonly repository: string;
  readonly store: Store;
  readonly listen: RsyncAddress;
  /** The language of what clients read. */
  readonly language: Language;
  readonly log: ServiceLog;
  /** With which builds that arrive are published: by the drop directory and from an upstream. Absent: none arrive. */
  readonly arrivals?: ArrivalOptions | undefined;
  /** Where builds of the drop directory go instead, at a site; the caller closes its store. */
  readonly own?: OwnBuildsContext | undefined;
  /** Brings what the repository's directory lacks: at a site, whose files come when they are asked for. */
  readonly lacking?: LackingFiles | undefined;
  /** True: builds that are not here are not fetched from anywhere. */
  readonly offline?: boolean | undefined;
  /** What the module `activities` has; absent: there is none. */
  readonly activities?: ActivitiesSource | undefined;
  /** Makes the trees; the engine when absent. */
  readonly trees?: typeof openTrees;
};

/** What publishing needs, besides the repository. */
export type ArrivalOptions = Pick<DropContext, 'spoolDirectory' | 'keys' | 'clock' | 'keepRequest'>;

/** A service that runs. */
export type RsyncService = {
  /** Address for clients on this machine, without a slash at the end. */
  readonly url: string;
  /** The trees, as far as the room goes that they take. */
  readonly trees: Pick<Trees, 'usage' | 'shrinkTo'>;
  /** Ends the daemon, its connections and what is being made. A second call waits for the first. */
  close(): Promise<void>;
};

/** Builds that are fetched at one time because somebody asked for a module that is not there. */
const mostWanted = 4;

/**
 * Serves the builds of a repository to rsync clients with the real daemon, until it is closed.
 *
 * Throws `rsync-program-absent`, `rsync-address-*`, `rsync-user-absent`, `rsync-daemon-failed`, and what opening the
 * trees and reading the repository throw. Afterwards nothing ends it: what goes wrong is said in the log.
 */
export async function startRsyncService(options: RsyncServiceOptions): Promise<RsyncService> {
  const { store, language, log, arrivals, own } = options;
  const program = findProgram('rsync');
  if (program === undefined) throw new SatchelError('rsync-program-absent');
  const layout = rsyncLayout(options.directory);
  makeDirectories(layout);
  const address = await usableAddress(options.listen, layout);
  const reporter = reporterTo(log);
  const fetching = options.offline ? undefined : arrivals;
  const upstream =
    fetching && upstreamOf(() => offer.settings().upstream, { ...fetching, layout, store, reporter });
  const offer = openOffer({ ...options, layout, elsewhere: upstream && (() => upstream.names()) });
  const parts = partsOf(log);
  if (upstream !== undefined) parts.add(upstream);
  let trees: Trees;
  try {
    const open = options.trees ?? openTrees;
    trees = await open({
      layout,
      repository: options.repository,
      store,
      settings: offer.settings,
      reporter,
      upstream,
      own,
      lacking: options.lacking,
    });
    // A renewal may wait for the end of a tree that is being made, which closing the trees brings about.
    const renewal = renewalOf(offer, trees, log);
    parts.add({ close: renewal.ended });
    parts.add(trees);
    await renewal.first();
    const wait = () => offer.settings().wait;
    const connections = () => offer.settings().connections;
    const asks = parts.add(
      answerAsks({ layout, make: trees.make, making: trees.making, wait, connections, language, log }),
    );
    const daemonLog = parts.add(openLog(layout, log, wantedBuilds(trees, upstream !== undefined)));
    const limits = () => offer.settings();
    const daemon = parts.add(await watchDaemon({ program, layout, address, limits, daemonLog, log }));
    // Who waits is told of the end before the daemon goes.
    parts.add(asks);
    const url = rsyncUrl(address);
    const { making, usage } = trees;
    parts.add(keepUp({ layout, url, making, usage, offer, renewal, asks, daemonLog, daemon, language, log }));
    const dropped = arrivals === undefined ? own : { ...arrivals, store };
    if (dropped !== undefined) parts.add(watchDrop({ ...dropped, layout, log }));
    if (options.activities !== undefined) parts.add(keepActivities(layout, options.activities, log));
  } catch (error) {
    await parts.close();
    throw error;
  }
  return { url: rsyncUrl(address), trees, close: parts.close };
}

type Part = { close(): void | Promise<void> };

/** Parts that are closed in the order opposite to that in which they were added, once. */
function partsOf(log: ServiceLog) {
  const opened: Part[] = [];
  const closeAll = async () => {
    for (const part of opened.reverse()) {
      try {
        await part.close();
      } catch (error) {
        // The others end nevertheless.
        log.warn(messageOf(error));
      }
    }
  };
  let closed: Promise<void> | undefined;
  return {
    add<Added extends Part>(part: Added): Added {
      opened.push(part);
      return part;
    },
    close(): Promise<void> {
      closed ??= closeAll();
      return closed;
    },
  };
}

/**
 * Fetches builds that somebody asked for by a module that is not there: that client was refused by the daemon, the
 * next one finds the module.
 */
function wantedBuilds(trees: Pick<Trees, 'make'>, hasUpstream: boolean): (name: string | undefined) => void {
  const wanted = new Set<BuildName>();
  return (name) => {
    if (!hasUpstream || name === undefined || !isBuildName(name)) return;
    if (wanted.has(name) || wanted.size >= mostWanted) return;
    wanted.add(name);
    trees
      .make(name)
      // The trees have said in the log what went wrong.
      .catch(() => undefined)
      .finally(() => wanted.delete(name));
  };
}

/** The daemon's log as part of Satchel's; `onUnknown` gets builds whose module was asked for in vain. */
function openLog(
  layout: RsyncLayout,
  log: ServiceLog,
  onUnknown: (build: string | undefined) => void,
): DaemonLog {
  return followDaemonLog(daemonFiles(layout).log, (line) => {
    const sentence = say('rsync-daemon-says', { line }, 'en').text;
    if (isRoutine(line)) log.debug(sentence);
    else log.info(sentence);
    onUnknown(unknownBuild(line));
  });
}

function makeDirectories(layout: RsyncLayout): void {
  const { directory, run, builds, readyMarks, uses, asks, sticky, packed } = layout;
  for (const path of [directory, run, builds, readyMarks, uses, asks, sticky, packed])
    withSystemErrors('mkdir', path, () => mkdirSync(path, { recursive: true }));
}

function reporterTo(log: ServiceLog): Reporter {
  return { progress() {}, notice: (code, parameters = {}) => log.info(say(code, parameters, 'en').text) };
}
