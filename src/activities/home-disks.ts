import { statSync } from 'node:fs';
import { withSystemErrors } from '../os/system-error.ts';
import type { BundleKind } from '../repository/bundle-record.ts';
import type { HomeLayout } from './home.ts';

/**
 * Kinds whose folders lie on another disk than the home, as when somebody has made `~/Activities` a link to a card:
 * nothing can be put in place there by one rename. All folders exist.
 */
export function kindsElsewhere({ folders, place }: HomeLayout): Set<BundleKind> {
  const diskOf = (path: string) => withSystemErrors('stat', path, () => statSync(path).dev);
  const own = diskOf(place.own);
  const kinds = Object.keys(folders) as BundleKind[];
  return new Set(kinds.filter((kind) => diskOf(folders[kind]) !== own));
}
