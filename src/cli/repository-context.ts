import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import type { Reporter } from '../base/progress.ts';
import { type DirectoryStore, openDirectoryStore } from '../store/directory.ts';
import { type KeyRing, openKeyDirectory } from '../trust/keys.ts';

/** What the commands of an origin work on. */
export type RepositoryContext = {
  readonly store: DirectoryStore;
  readonly keys: KeyRing;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/** What the commands of an origin are called with. */
export type RepositoryCall = {
  readonly options: { readonly repo: string; readonly keyDir?: string | undefined };
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly reporter?: Reporter | undefined;
};

/**
 * Opens the repository of a command. Keys lie beside it (`DIR.keys`), never inside, because everything
 * inside may be served by any web server. Throws `repository-not-directory`.
 */
export function openRepository({ options, clock, signal, reporter }: RepositoryCall): RepositoryContext {
  if (statSync(options.repo, { throwIfNoEntry: false })?.isDirectory() === false)
    throw new SatchelError('repository-not-directory', { location: options.repo });
  const keys = openKeyDirectory(options.keyDir ?? `${options.repo}.keys`, clock, reporter);
  return { store: openDirectoryStore(options.repo), keys, clock, signal };
}

/** A folder for packs while they are written: on the repository's own file system, so that they can be linked. */
export function spoolDirectory(repo: string): string {
  return join(repo, '.spool');
}
