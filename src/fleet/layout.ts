import { resolve } from 'node:path';

/**
 * The folder of the fleet database of a repository, at the origin and at a site. It lies beside the repository:
 * everything inside may be served by any web server.
 */
export function fleetDirectory(repository: string): string {
  return `${resolve(repository)}.fleet`;
}

/** The fleet database itself; SQLite keeps its journal and its shared memory beside it. */
export function fleetDatabase(repository: string): string {
  return `${fleetDirectory(repository)}/fleet.sqlite`;
}
