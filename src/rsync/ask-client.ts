import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { systemErrorCode } from '../base/errors.ts';
import { type BuildName, isBuildName } from '../base/identifiers.ts';

/** Somebody who waits for a tree, as the name of the fifo tells. */
export type Asker = {
  readonly name: BuildName;
  /** The client's address; absent in a fifo of an earlier version. */
  readonly address?: string;
  /** The process of the connection. */
  readonly connection?: number;
};

/** Takes the name of a fifo apart; undefined for any other. */
export function askerOf(file: string): Asker | undefined {
  const [name = '', pid = '', address, connection, ...rest] = file.split(',');
  if (rest.length > 0 || !isBuildName(name) || !isProcessNumber(pid)) return undefined;
  if (address === undefined) return { name };
  if (!isProcessNumber(connection ?? '')) return undefined;
  return { name, address, connection: Number(connection) };
}

function isProcessNumber(text: string): boolean {
  return /^[1-9][0-9]{0,9}$/.test(text);
}

const listening = '0A';

/** Looks whether clients are still there, all against one state of the system's connections. */
export type ClientLook = { hasLeft(asker: Asker): boolean };

/** States of `/proc/net/tcp` in which the other side still listens. */
const openStates: ReadonlySet<string> = new Set(['01', '02', '03']);

/**
 * rsync waits for the script and does not see meanwhile that its client has closed the connection; the system does.
 * Where it cannot be told a client is taken to be there.
 */
export function lookAtClients(): ClientLook {
  let states: Map<string, string> | undefined;
  return {
    hasLeft({ connection }) {
      if (connection === undefined) return false;
      if (hasEnded(connection)) return true;
      try {
        const sockets = daemonProcesses(connection).flatMap(socketsOf);
        states ??= socketStates();
        const known = states;
        const found = sockets.map((socket) => known.get(socket) ?? 'gone');
        return found.some((state) => state !== 'other') && !found.some((state) => openStates.has(state));
      } catch {
        return false;
      }
    },
  };
}

function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return systemErrorCode(error) === 'ESRCH';
  }
}

/**
 * The process of a connection, which waits for its end, with those that it has begun: one of them talks to the client.
 * Only the daemon's own are known to hold no other connections.
 */
function daemonProcesses(pid: number): number[] {
  if (!readFileSync(`/proc/${pid}/comm`, 'latin1').startsWith('rsync')) return [];
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
  return [pid, ...(children === '' ? [] : children.split(' ').map(Number).flatMap(daemonProcesses))];
}

/** Inode numbers of the sockets that a process holds. */
function socketsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${fd}`))?.[1] ?? [];
    } catch {
      // Closed meanwhile.
      return [];
    }
  });
}

/** The state of every TCP socket by its inode number; `other` for local ones. Throws where there is no `/proc`. */
function socketStates(): Map<string, string> {
  const states = new Map<string, string>();
  const rows = (table: string) => readFileSync(`/proc/net/${table}`, 'latin1').trim().split('\n').slice(1);
  for (const row of [...rows('tcp'), ...optional(() => rows('tcp6'))]) {
    const columns = row.trim().split(/\s+/);
    const state = columns[3] ?? '';
    states.set(columns[9] ?? '', state === listening ? 'other' : state);
  }
  for (const row of rows('unix')) states.set(row.trim().split(/\s+/)[6] ?? '', 'other');
  return states;
}

/** A kernel without IPv6 has no table of it. */
function optional(read: () => string[]): string[] {
  try {
    return read();
  } catch {
    return [];
  }
}
