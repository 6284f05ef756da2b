import { isSatchelError, SatchelError } from '../base/errors.ts';
import { removeBuild } from '../repository/change-list.ts';
import { type PublishResult, publish } from '../repository/publish.ts';
import type { DropContext } from './drop-options.ts';
import type { SetToPublish } from './drop-plan.ts';
import { isCutShort } from './manifest-end.ts';

export type PublishSetOptions = Omit<DropContext, 'layout'> & {
  /** True when other content under the same name is to give way; it has been read and found sound by then. */
  readonly mayReplace: boolean;
};

/**
 * Publishes an archive with its manifest under a name, in no stream. Throws `build-exists` when the name stands for
 * other content, `drop-replacement-unsigned`, `drop-contents-cut-short`, and what `publish` throws.
 */
export async function publishOrReplace(
  set: Pick<SetToPublish, 'name' | 'source'>,
  options: PublishSetOptions,
): Promise<PublishResult> {
  const { name } = set;
  try {
    return await publishOnce(set, options);
  } catch (error) {
    if (!isSatchelError(error, 'build-exists') || !options.mayReplace) throw error;
  }
  const { signingRequest } = await removeBuild(options, name);
  if (signingRequest !== undefined) {
    const path = options.keepRequest(signingRequest);
    throw new SatchelError('drop-replacement-unsigned', { name, path });
  }
  return await publishOnce(set, options);
}

async function publishOnce(
  { name, source }: Pick<SetToPublish, 'name' | 'source'>,
  { store, spoolDirectory, keys, clock, reporter, signal }: PublishSetOptions,
): Promise<PublishResult> {
  const path = source.contentsPath;
  if (path !== undefined && isCutShort(path, source))
    throw new SatchelError('drop-contents-cut-short', { path });
  return await publish({
    store,
    spoolDirectory,
    keys,
    clock,
    source: { name, source, input: noInput() },
    streams: [],
    reporter,
    signal,
  });
}

async function* noInput(): AsyncGenerator<Uint8Array> {}
