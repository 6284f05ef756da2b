import { hash } from 'node:crypto';
import type { Delegation, TargetFile, TargetsMetadata } from './metadata.ts';

/** Which role answers for a target path (TUF specification, section 5.6.7). */

/** A target file that a role has signed. */
export type TargetInfo = {
  readonly path: string;
  readonly role: string;
  /** Bytes. */
  readonly length: number;
  /** Hex; absent only in repositories that are not ours. */
  readonly sha256: string | undefined;
  readonly hashes: ReadonlyMap<string, string>;
};

/** Most roles that one search visits. */
export const mostVisited = 32;

/** True when the delegation covers the path. */
export function delegatesPath(delegation: Delegation, path: string): boolean {
  if (delegation.paths.some((pattern) => matches(path, pattern))) return true;
  if (delegation.pathHashPrefixes.length === 0) return false;
  const digest = hash('sha256', path);
  return delegation.pathHashPrefixes.some((prefix) => digest.startsWith(prefix));
}

/** Shell pattern with `*` and `?`; neither matches `/`. Without backtracking over the whole path, so never slow. */
function matches(path: string, pattern: string): boolean {
  const [parts, patterns] = [path.split('/'), pattern.split('/')];
  return (
    parts.length === patterns.length && parts.every((part, place) => matchesPart(part, patterns[place]!))
  );
}

function matchesPart(part: string, pattern: string): boolean {
  let [at, place, star, resume] = [0, 0, -1, 0];
  while (at < part.length) {
    if (pattern[place] === '*') [star, resume, place] = [place, at, place + 1];
    else if (place < pattern.length && (pattern[place] === '?' || pattern[place] === part[at])) {
      at += 1;
      place += 1;
    } else if (star >= 0) {
      resume += 1;
      [at, place] = [resume, star + 1];
    } else return false;
  }
  while (pattern[place] === '*') place += 1;
  return place === pattern.length;
}

/** What a role says of a path. */
export function infoFrom(role: string, path: string, file: TargetFile): TargetInfo {
  return { path, role, length: file.length, hashes: file.hashes, sha256: file.hashes.get('sha256') };
}

/**
 * Searches the delegations in the order of the specification: a role itself, then what it delegates to, depth
 * first; a terminating delegation that covers the path ends the search. `load` gives the metadata of a role as
 * one delegator vouches for it, and undefined when it is not to be had.
 */
export async function searchTarget(
  targets: TargetsMetadata,
  path: string,
  load: (role: string, delegator: TargetsMetadata) => Promise<TargetsMetadata | undefined>,
): Promise<TargetInfo | undefined> {
  const visited = new Set<string>();
  const pending: { role: string; delegator: TargetsMetadata | undefined }[] = [
    { role: 'targets', delegator: undefined },
  ];
  while (pending.length > 0 && visited.size < mostVisited) {
    const { role, delegator } = pending.pop()!;
    if (visited.has(role)) continue;
    visited.add(role);
    const metadata = delegator === undefined ? targets : await load(role, delegator);
    if (metadata === undefined) continue;
    const file = metadata.targets.get(path);
    if (file) return infoFrom(role, path, file);
    const found: typeof pending = [];
    for (const delegation of metadata.delegations) {
      if (!delegatesPath(delegation, path)) continue;
      found.push({ role: delegation.name, delegator: metadata });
      if (delegation.terminating) {
        pending.length = 0;
        break;
      }
    }
    pending.push(...found.reverse());
  }
  return undefined;
}
