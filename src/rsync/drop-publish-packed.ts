import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { type ArchiveSource, openSource, openUntrustedArchive, packedSetOf } from '../build/source.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { openCatalog } from '../repository/catalog.ts';
import type { PublishResult } from '../repository/publish.ts';
import { dropDirectory } from './drop-directory.ts';
import { keepRecord } from './drop-keeper.ts';
import { dropLock } from './drop-lock.ts';
import { lookAtDrop } from './drop-look.ts';
import type { DropContext } from './drop-options.ts';
import { publishOrReplace } from './drop-publish.ts';

/** One packed build, and the name that it gets. */
export type PublishPackedOptions = DropContext & {
  /** The archive, in a spelling of packed builds; its `.md5` and its manifest must lie beside it. */
  readonly path: string;
  readonly name: BuildName;
  /** Replaces a build of that name which has other content. */
  readonly force: boolean;
};

/** What it did; `toSign` is the path of a request that an offline key has to sign first. */
export type PublishPackedResult = Omit<PublishResult, 'signingRequest'> & { readonly toSign?: string };

/**
 * Publishes one packed build. If it lies in the drop directory under this public name, it counts as come from there.
 * Throws `source-not-found`, `xs-name-not-understood`, `xs-set-incomplete`, `build-exists`, and what publishing throws.
 */
export async function publishPacked(options: PublishPackedOptions): Promise<PublishPackedResult> {
  const { name, force, layout } = options;
  const source = wholeSet(options);
  using _lock = await dropLock(options);
  const keeper = keepRecord(layout);
  const dropped = droppedSet(options);
  const wasThere = (await openCatalog(options.store, options.signal)).hasBuild(name);
  const wasOurs = keeper.record().builds.has(name);
  const becomesOurs = dropped !== undefined && (!wasThere || wasOurs || force);
  if (becomesOurs) keeper.own({ name, set: dropped.set });
  try {
    const { signingRequest, ...result } = await publishOrReplace(
      { name, source },
      { ...options, mayReplace: force },
    );
    if (signingRequest === undefined) {
      if (dropped !== undefined) keeper.outcome({ ...dropped, name, state: 'published' });
      return result;
    }
    const toSign = options.keepRequest(signingRequest);
    if (dropped !== undefined) {
      const parameters = { set: dropped.set, name, path: toSign };
      keeper.outcome({
        ...dropped,
        name,
        state: 'waiting',
        trouble: { code: 'drop-set-unsigned', parameters },
      });
    }
    return { ...result, toSign };
  } catch (error) {
    if (becomesOurs && !wasThere && !wasOurs) keeper.disown(name);
    throw error;
  }
}

/** The archive with all that belongs to it. Others may write into the drop directory. */
function wholeSet(options: PublishPackedOptions): ArchiveSource {
  const { path } = options;
  const source = isFile(path) && isInDrop(options) ? openUntrustedArchive(path) : openSource(path);
  const folder = dirname(path);
  const archive = basename(path);
  const prefix = source.kind === 'archive' ? source.derivedName : undefined;
  if (source.kind !== 'archive' || prefix === undefined)
    throw new SatchelError('xs-name-not-understood', { path });
  // The archive that was named, whatever other archives have the same prefix.
  const isThere = (name: string) =>
    name === archive || (isBeside(name, archive) && isFile(join(folder, name)));
  const set = packedSetOf(prefix, isThere);
  if (set.archive !== archive) throw new SatchelError('xs-name-not-understood', { path });
  for (const [found, missing] of [
    [set.md5, `${archive}.md5`],
    [set.contents, `${prefix}.contents`],
  ] as const)
    if (found === undefined) throw new SatchelError('xs-set-incomplete', { path, missing });
  return source;
}

function isBeside(name: string, archive: string): boolean {
  return name === `${archive}.md5` || name.endsWith('.contents') || name.endsWith('.toc');
}

/** The set in the drop directory that the archive is part of, if its `.name` file gives this very name. */
function droppedSet(options: PublishPackedOptions) {
  if (!isInDrop(options)) return undefined;
  const { path, name, layout } = options;
  const found = lookAtDrop(dropDirectory(layout)).sets.find(
    ({ source }) => source !== undefined && basename(source.path) === basename(path),
  );
  return found?.name === name ? { set: found.set, files: found.files } : undefined;
}

function isInDrop({ path, layout }: PublishPackedOptions): boolean {
  const real = (place: string) => withSystemErrors('realpath', place, () => realpathSync(place));
  const directory = dropDirectory(layout);
  return isDirectory(directory) && real(dirname(path)) === real(directory);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
