import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { throwIfCancelled } from '../base/cancel.ts';
import { type MulticastNetwork, networkAddresses, openMulticast, serviceType } from '../store/mdns.ts';

/** A place where a repository may be. */
export type FoundPlace = {
  readonly address: string;
  /** How it was found. */
  readonly how: 'configured' | 'multicast' | 'host-name';
};

export type DiscoverOptions = {
  /** Addresses that an operator has set, asked first and in their order. */
  readonly addresses: readonly string[];
  /** The organisation that is looked for; undefined: any. */
  readonly organisation: string | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** How long it is waited for answers by multicast, milliseconds. */
const multicastPatience = 1000;
/** The question is asked again after so long: a datagram gets lost easily. */
const askAgain = [300, 600] as const;
/** Whoever invents more places than any school has is not to keep the device busy with them. */
const mostAnswers = 8;
/** How long a place has to take a connection, milliseconds. */
const connectPatience = 2000;

/** The name that school servers have always had, and the ports that are tried there. */
const usualName = 'schoolserver';
const usualPorts = [8400, 80] as const;

/**
 * Looks for places in this order, each once: the configured addresses; what answers as `_satchel._tcp` on the local
 * networks within a second and says that it belongs to the organisation; the host `schoolserver` at port 8400, then 80.
 * Only places that take a connection are given. Whether one is good is for its metadata to show: whoever reads on has
 * found it wanting, and the next is looked for. Throws `cancelled` only; a network without multicast finds nothing.
 */
export async function* findPlaces(options: DiscoverOptions): AsyncGenerator<FoundPlace, void> {
  const { signal } = options;
  const given = new Set<string>();
  const isNew = async (address: string) => {
    if (given.has(address)) return false;
    given.add(address);
    const answers = await isThere(address, signal);
    throwIfCancelled(signal);
    return answers;
  };
  for (const address of options.addresses) if (await isNew(address)) yield { address, how: 'configured' };
  for await (const address of multicastPlaces(options))
    if (await isNew(address)) yield { address, how: 'multicast' };
  const host = await addressOf(usualName, signal);
  throwIfCancelled(signal);
  if (host === undefined) return;
  for (const port of usualPorts) {
    const address = `http://${usualName}${port === 80 ? '' : `:${port}`}`;
    if (await isNew(address)) yield { address, how: 'host-name' };
  }
}

/** What is answered on the local networks, as it comes. */
async function* multicastPlaces({ organisation, signal }: DiscoverOptions): AsyncGenerator<string, void> {
  const found: string[] = [];
  let answers = 0;
  const networks: MulticastNetwork[] = [];
  let wake: () => void = () => undefined;
  try {
    for (const address of networkAddresses()) {
      const network = await openMulticast(address);
      networks.push(network);
      const browser = network.bonjour.find({ type: serviceType }, (service) => {
        const place = placeOf(service, organisation);
        if (place === undefined || answers === mostAnswers) return;
        answers += 1;
        found.push(place);
        wake();
      });
      for (const delay of askAgain) setTimeout(() => browser.update(), delay).unref();
    }
    const end = performance.now() + multicastPatience;
    while (networks.length > 0) {
      for (let next = found.shift(); next !== undefined; next = found.shift()) yield next;
      throwIfCancelled(signal);
      const left = end - performance.now();
      if (left <= 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => wake(), left);
        wake = () => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        signal?.addEventListener('abort', wake, { once: true });
      });
    }
  } finally {
    await Promise.all(networks.map((network) => network.close()));
  }
}

/** What an answer says; bonjour-service gives whatever came. */
type Answer = {
  readonly port: number;
  readonly referer?: { readonly address: string };
  readonly txt?: unknown;
};

/**
 * The address of a repository that an answer leads to; undefined for another organisation's, and for nonsense. The host
 * is the one that the answer came from: it has been reached on this network, whatever names it gives itself.
 */
export function placeOf(
  { port, referer, txt }: Answer,
  organisation: string | undefined,
): string | undefined {
  const { org, path = '/' } = (txt ?? {}) as { readonly org?: unknown; readonly path?: unknown };
  if (organisation !== undefined && org !== organisation) return undefined;
  if (referer === undefined || !Number.isInteger(port) || port < 1 || port > 65535) return undefined;
  if (typeof path !== 'string' || !/^\/[A-Za-z0-9._~/-]{0,200}$/.test(path) || path.includes('..'))
    return undefined;
  return `http://${referer.address}${port === 80 ? '' : `:${port}`}${path.replace(/\/+$/, '')}`;
}

/** True for a directory, and for what takes a connection in time. */
async function isThere(address: string, signal: AbortSignal | undefined): Promise<boolean> {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return true;
  const host = await addressOf(url.hostname.replace(/^\[|\]$/g, ''), signal);
  if (host === undefined) return false;
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (answers: boolean) => {
      socket.destroy();
      signal?.removeEventListener('abort', stop);
      resolve(answers);
    };
    const stop = () => finish(false);
    signal?.addEventListener('abort', stop, { once: true });
    socket.setTimeout(connectPatience, stop);
    socket.once('connect', () => finish(true));
    socket.once('error', stop);
  });
}

/** The IP address of a host; undefined where nobody knows it in time. */
function addressOf(host: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, connectPatience, undefined);
    const finish = (address: string | undefined) => {
      clearTimeout(timer);
      resolve(address);
    };
    signal?.addEventListener('abort', () => finish(undefined), { once: true });
    lookup(host).then(
      ({ address }) => finish(address),
      () => finish(undefined),
    );
  });
}
