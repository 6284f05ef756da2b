import { isSha256, type Sha256 } from '../base/identifiers.ts';

/** A file of a repository that is named by the hash of its bytes. */
export type HashedName = {
  readonly sha256: Sha256;
  /** A short name for what is kept of it: the folder and the hash. */
  readonly key: string;
  /** Packs are read by parts. */
  readonly isPack: boolean;
};

const patterns: Readonly<Record<string, RegExp>> = {
  targets: /^[A-Za-z0-9][A-Za-z0-9_+-]{0,99}\/([0-9a-f]{64})\._?[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/,
  indexes: /^([0-9a-f]{64})\.zst$/,
  maps: /^([0-9a-f]{64})\.zst$/,
  packs: /^([0-9a-f]{64})\.pack$/,
  deltas: /^([0-9a-f]{64})\.delta$/,
  contents: /^([0-9a-f]{64})$/,
};

/** What the name of an immutable file says; undefined for metadata, lite files and everything else. */
export function hashedName(name: string): HashedName | undefined {
  const slash = name.indexOf('/');
  const folder = name.slice(0, slash);
  const sha256 = Object.hasOwn(patterns, folder)
    ? patterns[folder]?.exec(name.slice(slash + 1))?.[1]
    : undefined;
  if (sha256 === undefined || !isSha256(sha256)) return undefined;
  return { sha256, key: `${folder}-${sha256}`, isPack: folder === 'packs' };
}
