import { isSatchelError } from '../base/errors.ts';
import { type BuildName, buildName } from '../base/identifiers.ts';
import { runRsync } from './client-run.ts';

/** A build that a server of the old kind offers. */
export type OfferedBuild = {
  readonly name: BuildName;
  /** What its keeper says of it; empty when nothing. */
  readonly comment: string;
};

/** A module and its comment, as a daemon lists them. */
const moduleLine = /^build-(\S+)[ ]*\t(.*)$/;

/**
 * The builds of a server, in its order: its modules whose names begin with `build-`. Throws what running rsync throws.
 */
export async function listServer(
  server: string,
  { patience, signal }: { readonly patience?: number | undefined; readonly signal?: AbortSignal | undefined },
): Promise<OfferedBuild[]> {
  const builds: OfferedBuild[] = [];
  const seconds = Math.ceil((patience ?? 60_000) / 1000);
  await runRsync({
    arguments: [`--timeout=${seconds}`, `--contimeout=${seconds}`, '--', `${server}/`],
    place: server,
    signal,
    onLine(line) {
      const [, name, comment] = moduleLine.exec(line) ?? [];
      const known = name === undefined ? undefined : nameOrNothing(name);
      if (known !== undefined)
        builds.push({
          name: known,
          comment: Buffer.from(comment ?? '', 'latin1')
            .toString('utf8')
            .trim(),
        });
    },
  });
  return builds;
}

/** Other software may have other modules. */
function nameOrNothing(name: string): BuildName | undefined {
  try {
    return buildName(name);
  } catch (error) {
    if (isSatchelError(error, 'name-not-allowed')) return undefined;
    throw error;
  }
}
