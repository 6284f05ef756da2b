import { lstatSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Where a place keeps its repository when nobody says otherwise. */
export const defaultRepository = '/var/lib/satchel/repository';

/** The paths of a site: a repository of complete, verified files, and what is private beside it. */
export type SiteLayout = {
  /** The repository that devices read. Only complete files, each verified. */
  readonly repository: string;
  /** Everything private: `REPOSITORY.site`, mode 0700. */
  readonly directory: string;
  /** What the operator settled. A repository is a site if and only if this file exists. */
  readonly settings: string;
  /** The verified metadata and the floor of time. */
  readonly trust: string;
  /** Files that are being received. */
  readonly partial: string;
  /** Frames of packs that are not here as a whole. */
  readonly frames: string;
  /** What is known about the link: rate, last contact, failures. */
  readonly link: string;
  /** Accounts of the bytes of each month. */
  readonly usage: string;
  /** What was taken, refused and removed, and why: JSON Lines. */
  readonly log: string;
  /** One entry for each build that eviction leaves alone. */
  readonly pins: string;
  /** Batches on their way up. */
  readonly outbox: string;
  /** The state of the stick that is being copied. */
  readonly stick: string;
  /** Leases for this site's devices. */
  readonly leases: string;
  /** Held by the one process that changes the site. */
  readonly lock: string;
  /** The modification times of the files in here are when builds and bundles were last asked for: see {@link usedFile}. */
  readonly used: string;
  /** Activities that sticks or people brought; nobody else's and no group's. */
  readonly activities: string;
  /** Bundles as files for Sugar's updaters; anybody may delete them, they are made again. */
  readonly bundles: string;
};

/** The paths of the site whose repository this is. */
export function siteLayout(repository: string): SiteLayout {
  const root = resolve(repository);
  const directory = `${root}.site`;
  const within = (name: string) => join(directory, name);
  return {
    repository: root,
    directory,
    settings: within('site.json'),
    trust: within('trust'),
    partial: within('partial'),
    frames: within('frames'),
    link: within('link.json'),
    usage: within('usage'),
    log: within('log.jsonl'),
    pins: within('pins'),
    outbox: within('outbox'),
    stick: within('stick.json'),
    leases: within('leases'),
    lock: within('lock'),
    used: within('used'),
    bundles: within('bundles'),
    activities: within('activities'),
  };
}

/** The file whose time says when a build, or `activities/GROUP/BUNDLE`, was last asked for. No build has a colon. */
export function usedFile({ used }: Pick<SiteLayout, 'used'>, name: string): string {
  return join(used, name.replaceAll('/', ':'));
}

/** Whether this repository belongs to a site that has joined an upstream. */
export function isSite(repository: string): boolean {
  return lstatSync(siteLayout(repository).settings, { throwIfNoEntry: false }) !== undefined;
}
