import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type AddressInfo, connect, createServer, isIPv6 } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { isSatchelError, SatchelError, systemErrorCode } from '../base/errors.ts';
import { daemonFiles } from './daemon-files.ts';
import type { RsyncLayout } from './layout.ts';

/** Where the daemon listens; port 0: any that is free. */
export type RsyncAddress = { readonly host: string; readonly port: number };

/** The port of rsync, or where only root may have it, the one that others use instead. */
export function defaultRsyncPort(): number {
  return process.getuid?.() === 0 ? 873 : 8730;
}

/** Milliseconds that the daemon of a killed server gets to end. */
const leftoverPatience = 3000;

/**
 * The address with a port that can be listened on. Asked before the daemon is started, because only its log would
 * say what is wrong. Throws `rsync-address-in-use`, `rsync-address-not-permitted`, `rsync-address-unavailable`.
 */
export async function usableAddress(address: RsyncAddress, layout: RsyncLayout): Promise<RsyncAddress> {
  const deadline = Date.now() + leftoverPatience;
  for (;;) {
    try {
      return await boundAddress(address);
    } catch (error) {
      const mayEnd = existsSync(daemonFiles(layout).pid) && Date.now() < deadline;
      if (!mayEnd || !isSatchelError(error, 'rsync-address-in-use')) throw error;
      await pause(20);
    }
  }
}

async function boundAddress({ host, port }: RsyncAddress): Promise<RsyncAddress> {
  const server = createServer();
  try {
    server.listen({ host, port });
    await once(server, 'listening');
    const bound = server.address() as AddressInfo;
    return { host, port: bound.port };
  } catch (cause) {
    const parameters = { address: `${bracketed(host)}:${port}` };
    const code = systemErrorCode(cause);
    if (code === 'EADDRINUSE') throw new SatchelError('rsync-address-in-use', parameters, { cause });
    if (code === 'EACCES') throw new SatchelError('rsync-address-not-permitted', parameters, { cause });
    const reason = code ?? String(cause);
    throw new SatchelError('rsync-address-unavailable', { ...parameters, reason }, { cause });
  } finally {
    if (server.listening) {
      server.close();
      await once(server, 'close');
    }
  }
}

/** The address as clients on this machine write it. */
export function rsyncUrl({ host, port }: RsyncAddress): string {
  return `rsync://${bracketed(reachable(host))}${port === 873 ? '' : `:${port}`}`;
}

/**
 * True when a daemon greets there within `patience` milliseconds, or ends the connection in order, as it does when it
 * expects another greeting (`proxy protocol`). It is asked for its list, because one whose client leaves without a
 * question complains of it. Throws nothing.
 */
export async function greets({ host, port }: RsyncAddress, patience: number): Promise<boolean> {
  const socket = connect({ host: reachable(host), port });
  socket.setTimeout(patience, () => socket.destroy());
  socket.on('error', () => undefined);
  let isGreeted: boolean | undefined;
  socket.once('end', () => {
    isGreeted ??= true;
  });
  socket.once('data', (bytes: Buffer) => {
    isGreeted = bytes.subarray(0, 8).toString('latin1') === '@RSYNCD:';
    socket.end('@RSYNCD: 30.0\n#list\n');
    socket.resume();
  });
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return isGreeted ?? false;
}

function reachable(host: string): string {
  return host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
}

function bracketed(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}
