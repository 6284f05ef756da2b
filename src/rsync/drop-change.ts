import { isSatchelError, SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { openCatalog } from '../repository/catalog.ts';
import { removeBuild } from '../repository/change-list.ts';
import type { DropKeeper } from './drop-keeper.ts';
import type { DropContext, RefreshOptions } from './drop-options.ts';
import type { SetToPublish } from './drop-plan.ts';
import { publishOrReplace } from './drop-publish.ts';
import { troubleOf } from './drop-record.ts';

type ChangeOptions = Omit<DropContext, 'layout'> & Pick<RefreshOptions, 'force'>;

/** How the publication of one set ended; `kept`: the same content was there already. */
export type SetEnd = 'published' | 'kept' | 'waiting' | 'failed';

/**
 * Publishes a set, and writes down what came of it. That the build will be ours is on disk before it is published:
 * a kill between the two must not leave a build that nobody would withdraw. Throws `cancelled`, and bugs.
 */
export async function publishSet(
  { set, name, files, source }: SetToPublish,
  options: ChangeOptions,
  keeper: DropKeeper,
): Promise<SetEnd> {
  const about = { set, name, files };
  const wasThere = (await openCatalog(options.store, options.signal)).hasBuild(name);
  const wasOurs = keeper.record().builds.has(name);
  const isOurs = wasOurs || !wasThere;
  if (isOurs) keeper.own({ name, set });
  try {
    const mayReplace = options.force === true && wasOurs;
    const { signingRequest, alreadyPublished } = await publishOrReplace(
      { name, source },
      { ...options, mayReplace },
    );
    if (signingRequest !== undefined) {
      const path = options.keepRequest(signingRequest);
      const trouble = { code: 'drop-set-unsigned', parameters: { set, name, path } } as const;
      keeper.outcome({ ...about, state: 'waiting', trouble });
      return 'waiting';
    }
    keeper.outcome({ ...about, state: 'published' });
    return alreadyPublished ? 'kept' : 'published';
  } catch (error) {
    if (!isSatchelError(error) || error.code === 'cancelled') throw error;
    const hasChanged = error.code === 'build-exists' && wasOurs;
    const told = hasChanged ? new SatchelError('drop-set-changed', { set, name }) : error;
    keeper.outcome({ ...about, state: 'failed', trouble: troubleOf(told) });
    if (!wasThere && !wasOurs) keeper.disown(name);
    return 'failed';
  }
}

/**
 * Withdraws a build whose `.name` file is gone; true when it was there and is no longer. A stream that stands for it
 * keeps it, and an offline key may have to sign first: that is written down. Throws `cancelled`, and bugs.
 */
export async function withdrawBuild(
  name: BuildName,
  options: ChangeOptions,
  keeper: DropKeeper,
): Promise<boolean> {
  const build = keeper.record().builds.get(name);
  if (build === undefined) return false;
  if (!(await openCatalog(options.store, options.signal)).hasBuild(name)) {
    keeper.disown(name);
    return false;
  }
  // The request that waits for its signature is good until then.
  if (build.trouble?.code === 'drop-withdrawal-unsigned' && !options.force) return false;
  try {
    const { signingRequest } = await removeBuild(options, name);
    if (signingRequest === undefined) {
      keeper.disown(name);
      return true;
    }
    const path = options.keepRequest(signingRequest);
    keeper.own({ ...build, trouble: { code: 'drop-withdrawal-unsigned', parameters: { name, path } } });
  } catch (error) {
    if (!isSatchelError(error) || error.code === 'cancelled') throw error;
    keeper.own({ ...build, trouble: troubleOf(error) });
  }
  return false;
}
