import { isSatchelError } from '../base/errors.ts';
import { catalogOf, readDetails } from '../repository/catalog.ts';
import {
  type BundleDetails,
  type BundleRecord,
  defaultGroup,
  type GroupRecord,
} from '../repository/group-record.ts';
import type { Store } from '../store/store.ts';
import { readTrusted } from '../trust/metadata-store.ts';
import { bundleFile } from './group-page.ts';

/** A group with what people are shown of its bundles. */
export type OfferedGroup = { readonly record: GroupRecord; readonly details: readonly BundleDetails[] };

/** What a place offers beside the OS, as its repository says now. */
export type OfferedGroups = {
  /** In byte order of their names, the default one first. */
  readonly groups: readonly OfferedGroup[];
  /** Every version in them, by the name of its file. */
  readonly files: ReadonlyMap<string, BundleRecord>;
};

/** How long what was read counts, in milliseconds. */
const usualPause = 10_000;

/** What the groups of a store are read with. */
export type OfferedOptions = {
  /** At a site: makes its metadata as new as can be without making anybody wait long. Never rejects. */
  readonly freshen?: (() => Promise<void>) | undefined;
  /** How long what was read counts, in milliseconds. */
  readonly pause?: number;
  /** Milliseconds by a clock that never goes back. */
  readonly now?: () => number;
};

/** Reads what a store offers; asked again it reads again only after a while. */
export function offeredGroups(
  store: Store,
  { freshen = async () => {}, pause = usualPause, now = () => performance.now() }: OfferedOptions = {},
): () => Promise<OfferedGroups> {
  let last: { readonly at: number; readonly found: Promise<OfferedGroups> } | undefined;
  return () => {
    if (last !== undefined && now() - last.at < pause) return last.found;
    const found = freshen().then(() => readGroups(store));
    const mine = { at: now(), found };
    last = mine;
    found.catch(() => {
      if (last === mine) last = undefined;
    });
    return found;
  };
}

async function readGroups(store: Store): Promise<OfferedGroups> {
  const catalog = catalogOf(store, await readTrusted(store));
  const names = catalog.groupNames().sort((one, other) => rank(one) - rank(other));
  const groups = await Promise.all(
    names.map(async (name) => {
      const record = await catalog.group(name);
      return { record, details: await detailsIfHere(store, record) };
    }),
  );
  const bundles = groups.flatMap(({ record }) => record.bundles);
  return { groups, files: new Map(bundles.map((bundle) => [bundleFile(bundle), bundle])) };
}

/** A site whose upstream is away shows what it can: the bundles without their names and pictures. */
async function detailsIfHere(store: Store, record: GroupRecord): Promise<BundleDetails[]> {
  try {
    return await readDetails(store, record);
  } catch (error) {
    if (!isSatchelError(error) || error.code === 'cancelled') throw error;
    return [];
  }
}

function rank(name: string): number {
  return name === defaultGroup ? 0 : 1;
}
