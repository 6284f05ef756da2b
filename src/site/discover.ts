import { isIPv4 } from 'node:net';
import type { Reporter } from '../base/progress.ts';
import { reasonInWords } from '../os/system-error.ts';
import { type MulticastNetwork, networkAddresses, openMulticast, serviceType } from '../store/mdns.ts';
import type { ReadableStore } from '../store/store.ts';
import { organisationOf } from '../trust/organisation.ts';

/** What is told on the local network. */
export type Advertisement = {
  /** What people call this place: a site's name, or the host's. */
  readonly name: string;
  /** 16 hex digits that are this place's own: tells two places of the same name apart. */
  readonly id: string;
  /** Where the server listens. */
  readonly listen: { readonly host: string; readonly port: number };
  /** The repository that is served; its first root says which organisation it belongs to. */
  readonly store: ReadableStore;
  /** Is told once of each reason why devices cannot find the place by themselves. */
  readonly reporter: Pick<Reporter, 'notice'>;
};

/** A place that can be found until it is closed. */
export type Advertised = {
  /** Takes it back, and waits until that is said. */
  close(): Promise<void>;
};

/** How often it is looked whether the machine has other addresses, milliseconds. */
export const lookEvery = 10_000;
/** How long it is listened whether another place has the name already, milliseconds. */
const listenFor = 750;

/**
 * Tells the local networks where this place is: `_satchel._tcp` by multicast DNS, with the path and the organisation in
 * its TXT record. Returns at once and never fails; where multicast does not work the reporter is told, and devices find
 * the place in other ways. A place that listens on this machine only is not told about.
 */
export function advertise(place: Advertisement): Advertised {
  const ended = new AbortController();
  const notFound = failureTeller(place.reporter, ended.signal);
  let told: { readonly about: string; readonly networks: readonly MulticastNetwork[] } | undefined;
  let organisation: string | undefined;
  const takeBack = async () => {
    const { networks = [] } = told ?? {};
    told = undefined;
    await Promise.all(networks.map((network) => network.close()));
  };
  const tell = async () => {
    // A site that has just joined gets its first root with the first metadata.
    try {
      organisation ??= await organisationOf(place.store);
    } catch (error) {
      notFound('advertise-not-yet', error);
    }
    const addresses = addressesOf(place.listen.host);
    const about = JSON.stringify([organisation, addresses]);
    if (organisation === undefined || about === told?.about) return;
    await takeBack();
    const networks = await Promise.all(
      addresses.map((address) => openMulticast(address, (error) => notFound('advertise-failed', error))),
    );
    told = { about, networks };
    const name = await freeName(networks, place, ended.signal);
    if (ended.signal.aborted) return;
    for (const { bonjour } of networks)
      bonjour.publish({
        name,
        type: serviceType,
        port: place.listen.port,
        host: `satchel-${place.id}.local`,
        txt: { path: '/', org: organisation, id: place.id },
        // Its own probe prints to standard output when it finds something.
        probe: false,
        disableIPv6: true,
      });
  };
  let work = Promise.resolve();
  const look = () => {
    work = work.then(tell).catch((error) => notFound('advertise-failed', error));
  };
  look();
  const timer = setInterval(look, lookEvery);
  timer.unref();
  return {
    async close() {
      ended.abort();
      clearInterval(timer);
      await work;
      await takeBack();
    },
  };
}

/** Tells each reason once: it is tried again every few seconds, as long as the place is served. */
function failureTeller(reporter: Advertisement['reporter'], ended: AbortSignal) {
  const told = new Set<string>();
  return (code: 'advertise-not-yet' | 'advertise-failed', error: unknown) => {
    const reason = reasonInWords(error);
    if (ended.aborted || told.has(reason)) return;
    told.add(reason);
    reporter.notice(code, { reason });
  };
}

/** The addresses under which others reach what listens on `host`. */
function addressesOf(host: string): string[] {
  if (host === '0.0.0.0' || host === '::') return networkAddresses();
  return isIPv4(host) && !host.startsWith('127.') ? [host] : [];
}

/** The name of the place as one DNS label; with a piece of its id where another place has that name. */
async function freeName(
  networks: readonly MulticastNetwork[],
  { name, id }: Advertisement,
  signal: AbortSignal,
): Promise<string> {
  const label = name.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 58) || 'satchel';
  const { promise: isTaken, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, listenFor, false);
  const stop = () => resolve(false);
  signal.addEventListener('abort', stop, { once: true });
  const browsers = networks.map(({ bonjour }) =>
    bonjour.find({ type: serviceType }, (service) => {
      if (service.name.toLowerCase() === label.toLowerCase() && service.txt?.id !== id) resolve(true);
    }),
  );
  try {
    return (await isTaken) ? `${label}-${id.slice(0, 4)}` : label;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    // A browser keeps every name that it hears, and anybody may invent names for as long as this place runs.
    for (const browser of browsers) browser.stop();
  }
}
