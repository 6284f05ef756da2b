import { openDirectoryStore } from '../../src/store/directory.ts';
import { initialiseTrust } from '../../src/trust/initialise.ts';
import { openKeyDirectory } from '../../src/trust/keys.ts';
import { allRoles, delegatedRoles } from '../../src/trust/roles.ts';

/**
 * Makes a repository as a Satchel before this one made it: the role `activities` is neither delegated nor in the
 * snapshot, and nobody has a key for it. Its keys lie beside it. Gives the hash of its root.
 */
export async function makeOlderRepository(directory: string): Promise<string> {
  const clock = Date.now;
  const lists = [delegatedRoles, allRoles] as unknown as string[][];
  const before = lists.map((list) => [...list]);
  try {
    for (const list of lists) list.splice(list.indexOf('activities'), 1);
    const keys = openKeyDirectory(`${directory}.keys`, clock);
    const { sha256 } = await initialiseTrust({ store: openDirectoryStore(directory), keys, clock });
    return sha256;
  } finally {
    for (const [number, list] of lists.entries()) list.splice(0, list.length, ...before[number]!);
  }
}
