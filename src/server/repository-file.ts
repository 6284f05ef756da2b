/** How long an answer may be kept by caches and clients. */
export type Caching = 'forever' | 'revalidate';

/** A file that the repository offers to everybody, as its address names it. */
export type RepositoryFile = {
  /** Path below the repository's directory, with `/`; made of safe characters only, never a dot-file. */
  readonly name: string;
  /** SHA-256 of the stored bytes when the name states it, else undefined. */
  readonly sha256: string | undefined;
  readonly caching: Caching;
  readonly mediaType: string;
};

type Folder = {
  /** What may follow the folder's name and `/`; the group `sha256` is the hash of the stored bytes. */
  readonly pattern: RegExp;
  readonly caching: Caching;
  readonly mediaType: string;
};

const binary = 'application/octet-stream';
const json = 'application/json';

/**
 * The folders of a repository that are public, with the only names they may hold (the design's "The repository").
 * Temporary files, locks, keys and whatever else lies in the directory match none of them. The same rules are
 * kept for nginx in `docs/nginx.conf`; `test/interop/nginx.test.ts` holds both to one list of expectations.
 */
const folders: Readonly<Record<string, Folder>> = {
  metadata: {
    pattern: /^(?:timestamp|[1-9][0-9]{0,15}\.[A-Za-z0-9][A-Za-z0-9_+-]{0,99})\.json$/,
    caching: 'revalidate',
    mediaType: json,
  },
  targets: {
    pattern:
      /^[A-Za-z0-9][A-Za-z0-9_+-]{0,99}\/(?<sha256>[0-9a-f]{64})\._?[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/,
    caching: 'forever',
    mediaType: json,
  },
  indexes: { pattern: /^(?<sha256>[0-9a-f]{64})\.zst$/, caching: 'forever', mediaType: 'application/zstd' },
  maps: { pattern: /^(?<sha256>[0-9a-f]{64})\.zst$/, caching: 'forever', mediaType: 'application/zstd' },
  packs: { pattern: /^(?<sha256>[0-9a-f]{64})\.pack$/, caching: 'forever', mediaType: binary },
  deltas: { pattern: /^(?<sha256>[0-9a-f]{64})\.delta$/, caching: 'forever', mediaType: binary },
  contents: { pattern: /^(?<sha256>[0-9a-f]{64})$/, caching: 'forever', mediaType: binary },
  lite: {
    pattern: /^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$/,
    caching: 'revalidate',
    mediaType: 'text/plain; charset=utf-8',
  },
};

/**
 * The path of a request target without query: of the origin form (`/a?b` gives `/a`) and of the absolute form
 * (`http://host/a`). Still percent-encoded. Anything else comes back as it is.
 */
export function pathOfTarget(target: string): string {
  const local = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?#]*/i, '') || '/';
  const end = local.search(/[?#]/);
  const path = end < 0 ? local : local.slice(0, end);
  return path === '' ? '/' : path;
}

/** True when the path (percent-encoded) lies in one of the public folders, whether or not it names a file. */
export function isRepositoryPath(path: string): boolean {
  const end = path.indexOf('/', 1);
  return end > 0 && Object.hasOwn(folders, path.slice(1, end));
}

/**
 * The public file that a path (percent-encoded, from `pathOfTarget`) names, or undefined when it can name none.
 * Each segment is decoded once and by itself, so an encoded slash or `..` never becomes a separator or a step up.
 */
export function repositoryFile(path: string): RepositoryFile | undefined {
  const decoded = path.includes('%') ? decodeSegments(path) : path;
  if (decoded === undefined || !isRepositoryPath(decoded)) return undefined;
  const end = decoded.indexOf('/', 1);
  const folder = folders[decoded.slice(1, end)];
  const match = folder?.pattern.exec(decoded.slice(end + 1));
  if (!folder || !match) return undefined;
  return {
    name: decoded.slice(1),
    sha256: match.groups?.sha256,
    caching: folder.caching,
    mediaType: folder.mediaType,
  };
}

function decodeSegments(path: string): string | undefined {
  try {
    const segments = path.split('/').map(decodeURIComponent);
    return segments.some((segment) => segment.includes('/')) ? undefined : segments.join('/');
  } catch {
    return undefined;
  }
}
