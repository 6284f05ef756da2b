/** What commands about the leases of a place have in common. */
import { mkdirSync, statSync } from 'node:fs';
import { watchStolen } from '../advice/stolen-watch.ts';
import { SatchelError } from '../base/errors.ts';
import type { Serial } from '../lease/laptop.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { leaseDirectory } from '../site/lease-directory.ts';
import { openDirectoryStore } from '../store/directory.ts';

/** The folder with what a place holds of leases, made when it is not there. Throws `repository-absent`, `lease-not-as-root`. */
export function requireLeaseDirectory(repository: string): string {
  if (!statSync(repository, { throwIfNoEntry: false })?.isDirectory())
    throw new SatchelError('repository-absent', { location: repository });
  const owner = statSync(repository).uid;
  // It would be root's alone, and the server of the other user would have a lease for nobody.
  if (process.getuid?.() === 0 && owner !== 0)
    throw new SatchelError('lease-not-as-root', { path: repository });
  const directory = leaseDirectory(repository);
  withSystemErrors('mkdir', directory, () => mkdirSync(directory, { recursive: true, mode: 0o700 }));
  return directory;
}

/** Runs `action` with what tells whether a laptop is stolen. What keeps that from being known ends it. */
export async function withStolen<Result>(
  repository: string,
  action: (isStolen: (serial: Serial) => Promise<boolean>) => Promise<Result>,
): Promise<Result> {
  const store = openDirectoryStore(repository);
  try {
    let failure: { readonly error: unknown } | undefined;
    const watch = watchStolen(store, (error) => {
      failure = { error };
    });
    return await action(async (serial) => {
      const found = await watch.isStolen(serial);
      if (failure !== undefined) throw failure.error;
      return found;
    });
  } finally {
    await store.close();
  }
}
