import { pathToFileURL } from 'node:url';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { RsyncPlace } from './client-place.ts';

/** The server that olpc-update always asked when nobody said otherwise. */
export const usualServer = 'rsync://updates.laptop.org';

/** Where updates come from: a repository of ours, or a server of the old kind. */
export type ServerAddress =
  | { readonly kind: 'satchel'; readonly url: string }
  /** `rsync://host[:port]`, without a slash at its end. */
  | { readonly kind: 'rsync'; readonly url: string };

const hostName = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/**
 * Understands what people write after `-s`: `rsync://host[:port]`, a bare host name (an rsync server), `http://…`,
 * `https://…`, `file:///…` or `/…` (a repository). Undefined when it is none of these.
 */
export function serverAddress(written: string): ServerAddress | undefined {
  const given = written.trim().replace(/\/+$/, '');
  const [, rest] = /^rsync:\/\/(.*)$/is.exec(given) ?? [];
  if (rest !== undefined) return hostName.test(rest) ? { kind: 'rsync', url: `rsync://${rest}` } : undefined;
  if (written.startsWith('/')) return { kind: 'satchel', url: pathToFileURL(written).href };
  if (/^(?:https?|file):\/\//i.test(given) && URL.canParse(given)) return { kind: 'satchel', url: given };
  return hostName.test(given) ? { kind: 'rsync', url: `rsync://${given}` } : undefined;
}

/** The module of a build at a server of the old kind. */
export function placeOfBuild(server: string, build: BuildName): RsyncPlace {
  const module = `${server}/build-${build}`;
  return {
    name: module,
    tree: `${module}/root/`,
    // Builds before 612 called it `manifest`.
    contents: [`${module}/contents`, `${module}/manifest`],
    isRemote: true,
    excluded: [],
  };
}

/** A manifest and a tree by their addresses: `rsync://…`, or paths of this machine. Throws `rsync-address-wrong`. */
export function placeOfAddresses(contents: string, tree: string): RsyncPlace {
  for (const address of [contents, tree])
    if (!/^rsync:\/\/[^/]+\/./i.test(address) && !address.startsWith('/'))
      throw new SatchelError('rsync-address-wrong', { address: address.slice(0, 200) });
  const name = tree.replace(/\/+$/, '');
  const isRemote = /^rsync:/i.test(tree) || /^rsync:/i.test(contents);
  return { name, tree: `${name}/`, contents: [contents], isRemote, excluded: [] };
}
