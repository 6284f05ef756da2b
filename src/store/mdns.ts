import { networkInterfaces } from 'node:os';
import type { Bonjour } from 'bonjour-service';

/** The type of service that Satchel is found as: `_satchel._tcp`. */
export const serviceType = 'satchel';

/** One network on which multicast is spoken. */
export type MulticastNetwork = {
  readonly bonjour: Bonjour;
  /** Says goodbye for what was advertised, and ends. */
  close(): Promise<void>;
};

/** More networks than any school has: containers and virtual machines make many. */
const mostNetworks = 16;

/** The IPv4 addresses under which others may reach this machine, one a network, in a stable order. */
export function networkAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses = []) =>
      addresses.filter(({ family, internal }) => family === 'IPv4' && !internal).slice(0, 1),
    )
    .map(({ address }) => address)
    .sort()
    .slice(0, mostNetworks);
}

/**
 * Speaks multicast DNS on the network of this address. A socket for each, because the kernel would choose the one with
 * the way to the internet, and without such a way none at all. Never throws for the network's sake: where multicast
 * does not work nothing is heard and nobody hears, and `onFailure` is told why, perhaps again and again.
 * `bonjour-service` is loaded here, because few commands need it.
 */
export async function openMulticast(
  address: string,
  onFailure: (error: Error) => void = () => undefined,
): Promise<MulticastNetwork> {
  const { default: Bonjour } = await import('bonjour-service');
  const options: MulticastOptions = { interface: address, bind: '0.0.0.0' };
  const bonjour = new Bonjour(options as object, onFailure);
  const { mdns } = (bonjour as unknown as { readonly server: { readonly mdns: Emitting } }).server;
  // A port that is taken, a network that has gone: then there is none to be found on.
  mdns.on('error', onFailure);
  // A network that cannot be joined. A packet that nobody understands is a warning too, and no failure of ours.
  mdns.on('warning', (error) => {
    if ('syscall' in error) onFailure(error);
  });
  shieldFromNonsense(mdns);
  return {
    bonjour,
    close: () =>
      new Promise((resolve) => {
        // A socket that never came up answers to nothing.
        const timer = setTimeout(resolve, 500);
        const ended = () => {
          clearTimeout(timer);
          resolve();
        };
        bonjour.unpublishAll(() => bonjour.destroy(ended));
      }),
  };
}

/** What `multicast-dns` takes through bonjour-service, whose types do not name it. */
type MulticastOptions = { readonly interface: string; readonly bind: string };

type Emitting = {
  on(event: 'error' | 'warning', listener: (error: Error) => void): unknown;
  emit(event: string, ...values: unknown[]): boolean;
};

/** Anybody on the network may send a packet that no reader expects; it must not end the program. */
function shieldFromNonsense(mdns: Emitting): void {
  const emit = mdns.emit.bind(mdns);
  mdns.emit = (event, ...values) => {
    if (event !== 'packet' && event !== 'query' && event !== 'response') return emit(event, ...values);
    try {
      return emit(event, ...values);
    } catch {
      return true;
    }
  };
}
