import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

/** How to run the daemon. */
export type DaemonCommand = {
  /** The program rsync, as an absolute path. */
  readonly program: string;
  readonly arguments: readonly string[];
  /** 0 to 19. */
  readonly nice: number;
  /** Most address space of each of its processes, in bytes; 0: no limit. */
  readonly memory: number;
};

/** Why a daemon is no more: one of both is set, and what it said on standard error. */
export type DaemonEnd = {
  readonly code?: number;
  readonly signal?: string;
  readonly said: string;
};

/** A daemon with the processes of its connections: they form a group. */
export type DaemonProcess = {
  /** Resolves when the daemon itself has ended; its connections may go on. */
  readonly ended: Promise<DaemonEnd>;
  /** True while a process of the group runs. */
  isAlive(): boolean;
  /** Ends the daemon and its connections and waits for their end: after `patience` milliseconds by force. */
  stop(patience: number): Promise<void>;
};

/**
 * Sets the limits, runs the daemon, and ends the group when standard input ends: so it never outlives Satchel, however
 * that ends. Its exit code is the daemon's. It stays until the daemon has ended, so that nobody else has to wait for it.
 */
export const keeperScript = `
limit=$1
nice=$2
shift 2
[ "$limit" -eq 0 ] || ulimit -v "$limit" || exit 97
exec 3<&0 </dev/null
nice -n "$nice" "$@" 3<&- &
daemon=$!
{ read -r _ <&3; kill -TERM 0; } 2>/dev/null &
watcher=$!
trap : TERM
while :; do
	wait "$daemon"
	code=$?
	kill -0 "$daemon" 2>/dev/null || break
done
kill "$watcher" 2>/dev/null
wait "$watcher" 2>/dev/null
exit "$code"
`;

/** Starts the daemon as the leader of a group of processes of its own. */
export function startDaemonProcess({
  program,
  arguments: words,
  nice,
  memory,
}: DaemonCommand): DaemonProcess {
  const limits = [String(Math.ceil(memory / 1024)), String(nice)];
  const child = spawn('/bin/sh', ['-c', keeperScript, 'satchel-rsync', ...limits, program, ...words], {
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
    env: { ...cleanEnvironment(), LC_ALL: 'C' },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4096);
  });
  child.stdin.on('error', () => undefined);
  const ended = new Promise<DaemonEnd>((resolve) => {
    child.once('error', (error) => resolve({ code: 127, said: error.message }));
    // Not `close`: connections that go on hold the pipes open.
    child.once('exit', (code, signal) => resolve({ ...endOf(code, signal), said }));
  });
  return {
    ended,
    isAlive: () => hasLiving(child.pid),
    async stop(patience) {
      signalGroup(child.pid, 'SIGTERM');
      const deadline = Date.now() + patience;
      while (hasLiving(child.pid) && Date.now() < deadline) await pause(10);
      signalGroup(child.pid, 'SIGKILL');
      await ended;
      child.stdin.destroy();
      child.stderr.destroy();
      if (!child.stderr.closed) await once(child.stderr, 'close');
    },
  };
}

/** A shell tells of a signal by a code above 128. */
function endOf(code: number | null, signal: NodeJS.Signals | null): { code?: number; signal?: string } {
  if (signal !== null) return { signal };
  const number = (code ?? 0) - 128;
  const name = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  return name === undefined ? { code: code ?? 0 } : { signal: name };
}

/** True when there was a process in the group to signal. */
function signalGroup(leader: number | undefined, signal: NodeJS.Signals | 0): boolean {
  try {
    return leader !== undefined && process.kill(-leader, signal);
  } catch {
    return false;
  }
}

/** True while a process of the group runs; one that has ended and waits to be counted by its parent does not. */
function hasLiving(leader: number | undefined): boolean {
  if (!signalGroup(leader, 0)) return false;
  try {
    const numbers = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
    return numbers.some((number) => isLivingMember(number, leader));
  } catch {
    return true;
  }
}

function isLivingMember(number: string, leader: number | undefined): boolean {
  try {
    const stat = readFileSync(`/proc/${number}/stat`, 'latin1');
    // The name in parentheses may hold anything; then follow state, parent and group.
    const [state = '', , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(group) === leader && !'ZX'.includes(state);
  } catch {
    return false;
  }
}

/** The daemon passes its environment on to the scripts, which tell their words from it by these names. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('RSYNC_')));
}
