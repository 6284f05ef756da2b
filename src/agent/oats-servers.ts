import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readFileIfThere } from '../os/if-there.ts';

/** The server that laptops ask when nobody says otherwise, and the school server (facts, 6.6). */
const usualServer = 'antitheft.laptop.org';
const schoolServer = 'schoolserver';

const hostPattern = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** The address of a server from what people write: a host, with a port or not, or `http://…`. Undefined for anything else. */
export function oatsServer(written: string): string | undefined {
  const given = written.trim().replace(/\/+$/, '');
  if (hostPattern.test(given)) return URL.canParse(`http://${given}/`) ? `http://${given}/` : undefined;
  const url = /^https?:\/\//i.test(given) ? URL.parse(given) : null;
  // The protocol knows no passwords; one that is written here would stand in messages for everybody.
  if (url === null || `${url.search}${url.hash}${url.username}${url.password}` !== '') return undefined;
  return `${url.href.replace(/\/+$/, '')}/`;
}

/**
 * The servers that a laptop asks, in order: the school server unless `/etc/oats-ignore-xs` is there, those that are set,
 * the machine that its builds come from, and last the one in `/etc/oats-server` or the usual one.
 */
export function oatsServers(
  root: string,
  { servers, source }: { readonly servers: readonly string[]; readonly source: string | undefined },
): string[] {
  const etc = join(root, 'etc');
  const named = readFileIfThere(join(etc, 'oats-server'))?.toString('latin1').trim().split('\n')[0] ?? '';
  const isSchoolAsked = !existsSync(join(etc, 'oats-ignore-xs'));
  const found = [
    ...(isSchoolAsked ? [oatsServer(schoolServer)] : []),
    ...servers.map(oatsServer),
    machineOf(source),
    oatsServer(named) ?? oatsServer(usualServer),
  ];
  return [...new Set(found.filter((server) => server !== undefined))];
}

/** True where the image says that any answer is to be believed, signed or not. */
export function ignoresSignatures(root: string): boolean {
  return existsSync(join(root, 'etc/oats-ignore-signature'));
}

/** The protocol has its path at the top of a machine, wherever a repository lies on it. */
function machineOf(source: string | undefined): string | undefined {
  if (source === undefined || !/^https?:\/\//i.test(source)) return undefined;
  return `${URL.parse(source)?.origin}/`;
}
