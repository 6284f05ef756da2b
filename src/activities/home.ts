import { mkdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import { type DeviceLayout, deviceLayout } from '../device/layout.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { BundleKind } from '../repository/bundle-record.ts';

/** Where the bundles of one user lie, and what is remembered of them. Everything belongs to that user. */
export type HomeLayout = {
  readonly home: string;
  /** Where bundles of each kind are installed. */
  readonly folders: Readonly<Record<BundleKind, string>>;
  /** What is installed: see `home-state.ts`. */
  readonly state: string;
  /** The version before, of each bundle that has one: `<id>`. */
  readonly previous: string;
  /** Indexes of what is installed, by their SHA-256. */
  readonly indexes: string;
  /** Trust, spool, stage and account, at the places where a device has its own. */
  readonly place: DeviceLayout;
};

/** The folder below the home in which bundles of a kind are installed (facts, 11.1; `Content` is ours). */
export const kindFolders: Readonly<Record<BundleKind, string>> = {
  activity: 'Activities',
  library: 'Library',
  content: 'Content',
};

/** The layout of a home. Touches nothing. */
export function homeLayout(home: string): HomeLayout {
  const top = resolve(home);
  const own = join(top, '.satchel', 'activities');
  const at = (name: string) => join(own, name);
  const place: DeviceLayout = {
    ...deviceLayout(top),
    own,
    configuration: at('config.json'),
    trust: at('trust'),
    indexes: at('indexes'),
    spool: at('spool'),
    stage: at('stage'),
    trash: at('trash'),
    lock: at('lock'),
    trashLock: at('trash-lock'),
    journal: at('journal.json'),
    links: at('links.json'),
    usage: at('usage'),
    reports: at('reports'),
  };
  return {
    home: top,
    folders: {
      activity: join(top, kindFolders.activity),
      library: join(top, kindFolders.library),
      content: join(top, kindFolders.content),
    },
    state: at('state.json'),
    previous: at('previous'),
    indexes: place.indexes,
    place,
  };
}

/** Who owns a home, and what is in it. */
export type Owner = { readonly uid: number; readonly gid: number };

/** The owner of a home. Throws `home-absent`. */
export function ownerOf({ home }: HomeLayout): Owner {
  const found = withSystemErrors('stat', home, () => statSync(home, { throwIfNoEntry: false }));
  if (!found?.isDirectory()) throw new SatchelError('home-absent', { home });
  return { uid: found.uid, gid: found.gid };
}

/** Makes the folders of a home that are missing. */
export function prepareHome({ folders, place, previous }: HomeLayout): void {
  const own = [place.own, place.trust, place.indexes, place.spool, place.stage, place.usage, previous];
  for (const folder of own)
    withSystemErrors('mkdir', folder, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
  for (const folder of Object.values(folders))
    withSystemErrors('mkdir', folder, () => mkdirSync(folder, { recursive: true, mode: 0o755 }));
}
