import { resolve } from 'node:path';
import { isSite, siteLayout } from './layout.ts';

/**
 * What a place holds of leases: `DIR.leases` at an origin, `DIR.site/leases` at a site. It lies beside the repository:
 * everything inside may be served by any web server.
 */
export function leaseDirectory(repository: string): string {
  return isSite(repository) ? siteLayout(repository).leases : `${resolve(repository)}.leases`;
}
