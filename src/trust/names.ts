/** Names of the files of the trust part of a repository, relative to its top. */

/** `metadata/7.builds.json`; without a version the newest (`metadata/timestamp.json`). */
export function metadataFile(role: string, version?: number): string {
  const name = encodeURIComponent(role);
  return version === undefined ? `metadata/${name}.json` : `metadata/${version}.${name}.json`;
}

/** The role and version in the name of a metadata file, or undefined when it has neither. */
export function versionedMetadata(file: string): { role: string; version: number } | undefined {
  const match = /^metadata\/([1-9]\d{0,14})\.([^/]+)\.json$/.exec(file);
  return match ? { version: Number(match[1]), role: decodeURIComponent(match[2]!) } : undefined;
}

/**
 * Where the file of a target lies: `builds/py802-1.json` with hash h is `targets/builds/h.py802-1.json`.
 * Without a hash the plain path, for repositories without consistent snapshots.
 */
export function targetFileName(path: string, digest?: string): string {
  const slash = path.lastIndexOf('/') + 1;
  const folder = path.slice(0, slash);
  return `targets/${folder}${digest === undefined ? '' : `${digest}.`}${path.slice(slash)}`;
}
