import { type ByteString, displayOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import type { IndexEntry } from '../build/entry.ts';
import { parentOf } from '../build/entry-rules.ts';

/** Links that Linux follows on one way, before it takes them for a circle. */
const mostLinks = 40;

/** Where each symlink of a tree points to, its further names too. */
type Targets = ReadonlyMap<ByteString, ByteString>;

/**
 * Refuses symlinks that lead out of the tree, by themselves or through others in it: they would show people another file
 * on every device. What is not there, or a circle, leads nowhere. Throws `content-link-outside`.
 */
export function requireLinksInside(entries: readonly IndexEntry[]): void {
  const targets = targetsOf(entries);
  for (const [path, target] of targets)
    if (leadsOut(path, target, targets))
      throw new SatchelError('content-link-outside', { path: displayOf(path), target: displayOf(target) });
}

function targetsOf(entries: readonly IndexEntry[]): Targets {
  const targets = new Map<ByteString, ByteString>();
  for (const entry of entries) {
    // A second name of a symlink may stand in another directory, from where it leads elsewhere.
    const target = entry.type === 'symlink' ? entry.target : undefined;
    const other = entry.type === 'hardlink' ? targets.get(entry.link) : undefined;
    const found = target ?? other;
    if (found !== undefined) targets.set(entry.path, found);
  }
  return targets;
}

/** Goes the way that Linux would go. */
function leadsOut(path: ByteString, target: ByteString, targets: Targets): boolean {
  let at = parentOf(path);
  const ahead = partsOf(target);
  if (target.startsWith('/')) return true;
  let links = 1;
  for (let part = ahead.shift(); part !== undefined; part = ahead.shift()) {
    if (part === '..') {
      if (at === '') return true;
      at = parentOf(at);
      continue;
    }
    const next = (at === '' ? part : `${at}/${part}`) as ByteString;
    const further = targets.get(next);
    if (further === undefined) at = next;
    else if (further.startsWith('/')) return true;
    else if (++links > mostLinks) return false;
    else ahead.unshift(...partsOf(further));
  }
  return false;
}

function partsOf(target: ByteString): string[] {
  return target.split('/').filter((part) => part !== '' && part !== '.');
}
