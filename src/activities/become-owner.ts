import { SatchelError } from '../base/errors.ts';
import type { Owner } from './home.ts';

/**
 * Becomes the owner of a home for the rest of this process. Whoever owns a home may have put symlinks anywhere in it, so
 * root must not write there. Throws `home-of-another` for anybody else who is not the owner.
 */
export function becomeOwner({ uid, gid }: Owner, home: string): void {
  const present = process.geteuid?.();
  if (present === uid) return;
  if (present !== 0 || process.setgroups === undefined) throw new SatchelError('home-of-another', { home });
  process.setgroups([gid]);
  process.setgid?.(gid);
  process.setuid?.(uid);
}
