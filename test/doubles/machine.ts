/**
 * A real machine: one qemu guest with disks, a serial console whose lines are awaited, and a power switch. In a test:
 *
 * ```ts
 * await using machine = await startMachine({ disks: [{ image: 'disk.img' }] });
 * await machine.line(/login:/);
 * machine.type('root\n');
 * await machine.cutPower();
 * ```
 *
 * Emulated in software unless `SATCHEL_QEMU_ACCEL` names something else (`kvm`): not every machine that has /dev/kvm
 * can use it. Waiting is limited by boots and by silence on the console, never by how fast the machine is.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { findProgram } from '../../src/os/process.ts';

/** A disk of the guest, in the order of `/dev/vda`, `/dev/vdb` and so on. */
export type MachineDisk = {
  /** A raw image that belongs to nobody else while the machine runs… */
  readonly image?: string;
  /** …or the socket of an NBD server that holds one, such as {@link startWriteBackDisk}. */
  readonly socket?: string;
  readonly readOnly?: boolean;
};

/** What the machine is made of. */
export type MachineOptions = {
  readonly disks: readonly MachineDisk[];
  /** MiB; 256 when absent. */
  readonly memory?: number;
  /** UEFI instead of a BIOS: the code, and the file of variables, which the guest changes. */
  readonly firmware?: { readonly code: string; readonly variables: string };
  /** True: the guest reaches the loopback interface of this machine at 10.0.2.2, by `virtio_net`, and nothing else is promised. */
  readonly network?: boolean;
  /** True: the machine is off when the guest reboots, instead of booting again. */
  readonly endsAtReboot?: boolean;
  /** What the console prints once in each boot; the kernel's first line when absent (so no `quiet`). */
  readonly bootLine?: RegExp;
  /** A file that gets all of the console, for people. */
  readonly log?: string;
  /** Further words for qemu. */
  readonly words?: readonly string[];
};

/** How long a line may be waited for. */
export type LineLimits = {
  /** Boots that may begin meanwhile; 1 when absent. */
  readonly boots?: number;
  /** Seconds in which the console may say nothing at all; 300 when absent. */
  readonly silence?: number;
  /** True for a prompt: a line that has not ended counts too. */
  readonly prompt?: boolean;
};

/** A machine that was switched on. */
export type Machine = AsyncDisposable & {
  /** All lines of the console since it was switched on, without colours and without the end of the line. */
  readonly lines: readonly string[];
  /** Boots that began so far. */
  boots(): number;
  /**
   * The next line that matches, after the one that was awaited before; it may have come already.
   * Throws with the last lines when the machine goes off first, when more boots begin
   * than expected, and when the console stays silent.
   */
  line(pattern: RegExp, limits?: LineLimits): Promise<RegExpExecArray>;
  /** Calls back for each line as it comes; what it gives stops that. */
  onLine(heard: (line: string) => void): () => void;
  /** Types on the console. */
  type(text: string): void;
  /** SIGKILL: what the guest has not flushed is where the disk left it. Resolves when the process is gone. */
  cutPower(): Promise<void>;
  /** Resolves with qemu's exit code when the machine is off, however that came; null after a power cut. */
  readonly off: Promise<number | null>;
};

/** The kernel says it first, whatever the log level, unless it is `quiet`. */
const kernelLine = /\bLinux version \d/;
const lastLines = 60;
/** Nothing takes that long: a machine that talks all the time and gets nowhere, in milliseconds. */
const ceiling = 30 * 60_000;

/** Switches a machine on. */
export async function startMachine(options: MachineOptions): Promise<Machine> {
  const qemu = findProgram('qemu-system-x86_64');
  if (qemu === undefined) throw new Error('qemu-system-x86_64 is missing (Debian: qemu-system-x86)');
  // The guest ends with us, however we end.
  const [program, ...words] = ['setpriv', '--pdeathsig', 'KILL', '--', qemu, ...qemuWords(options)] as const;
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-4096);
  });
  child.stdin.on('error', () => undefined);
  const off = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code));
  });
  off.catch(() => undefined);
  const console = readConsole(child, options);
  const wait = waiting(console, off, () => complaint);
  const cutPower = async () => {
    child.kill('SIGKILL');
    await off;
  };
  return {
    lines: console.lines,
    boots: () => console.boots,
    line: wait,
    onLine(heard) {
      const listener = (line: string | undefined) => {
        if (line !== undefined) heard(line);
      };
      console.listeners.add(listener);
      return () => void console.listeners.delete(listener);
    },
    type: (text) => void child.stdin.write(text),
    cutPower,
    off,
    [Symbol.asyncDispose]: cutPower,
  };
}

function qemuWords({ disks, memory = 256, firmware, network, endsAtReboot, words = [] }: MachineOptions) {
  const accelerator = process.env.SATCHEL_QEMU_ACCEL || 'tcg';
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-monitor', 'none', '-serial', 'stdio'],
    ...['-machine', firmware ? 'q35' : 'pc', '-accel', accelerator, '-cpu', 'max', '-m', `${memory}`],
    ...['-object', 'rng-random,id=random,filename=/dev/urandom', '-device', 'virtio-rng-pci,rng=random'],
    ...(endsAtReboot ? ['-no-reboot'] : []),
    ...(firmware ? firmwareWords(firmware) : []),
    ...disks.flatMap(diskWords),
    ...(network ? ['-nic', 'user,model=virtio-net-pci'] : ['-nic', 'none']),
    ...words,
  ];
}

function firmwareWords({ code, variables }: NonNullable<MachineOptions['firmware']>) {
  return [
    ...['-drive', `if=pflash,format=raw,readonly=on,file=${code}`],
    ...['-drive', `if=pflash,format=raw,file=${variables}`],
  ];
}

function diskWords({ image, socket, readOnly }: MachineDisk, number: number) {
  // Behind a socket the server decides what a flush means; a plain image need not outlive this machine's own power.
  const file = socket === undefined ? `file.filename=${image}` : `file.driver=nbd,file.path=${socket}`;
  const cache = socket === undefined ? 'cache=unsafe' : 'cache=none,aio=threads';
  return [
    ...['-drive', `if=none,id=disk${number},format=raw,${file},${cache}${readOnly ? ',readonly=on' : ''}`],
    ...['-device', `virtio-blk-pci,drive=disk${number},serial=disk${number},bootindex=${number}`],
  ];
}

/** What the console has said, and who wants to hear more; `undefined` tells of an unfinished line. */
type ConsoleLog = {
  readonly lines: string[];
  unfinished: string;
  boots: number;
  /** Index of the boot line of each boot. */
  readonly bootsAt: number[];
  readonly listeners: Set<(line: string | undefined) => void>;
};

function readConsole(child: ChildProcess, { bootLine = kernelLine, log }: MachineOptions): ConsoleLog {
  const console: ConsoleLog = { lines: [], unfinished: '', boots: 0, bootsAt: [], listeners: new Set() };
  const decoder = new StringDecoder('utf8');
  if (log !== undefined) writeFileSync(log, '');
  const tell = (line: string | undefined) => {
    for (const listener of console.listeners) listener(line);
  };
  child.stdout?.on('data', (bytes: Buffer) => {
    if (log !== undefined) appendFileSync(log, bytes);
    const parts = (console.unfinished + decoder.write(bytes)).split(/\r*\n/);
    console.unfinished = parts.pop() ?? '';
    for (const line of parts.map(plain)) {
      if (bootLine.test(line)) {
        console.boots += 1;
        console.bootsAt.push(console.lines.length);
      }
      console.lines.push(line);
      tell(line);
    }
    tell(undefined);
  });
  return console;
}

/** Without what moves the cursor and changes colours; a loader's screen on a serial line is full of it. */
function plain(line: string): string {
  return line.replace(/\x1b(?:\[[0-9;?=]*[A-Za-z]|[()][0-9A-Za-z]|[=>78cM])/g, '').replace(/[\r\0]/g, '');
}

function waiting(console: ConsoleLog, off: Promise<unknown>, complaint: () => string): Machine['line'] {
  let next = 0;
  let isOff = false;
  off.then(
    () => {
      isOff = true;
    },
    () => undefined,
  );
  return (pattern, { boots = 1, silence = 300, prompt = false } = {}) => {
    const before = console.bootsAt.filter((index) => index < next).length;
    return new Promise((resolve, reject) => {
      let patience: NodeJS.Timeout;
      const timers = () => {
        clearTimeout(patience);
        patience = setTimeout(() => fail(`the console was silent for ${silence} s`), silence * 1000);
      };
      const end = setTimeout(() => fail('the machine got nowhere'), ceiling);
      const finish = () => {
        console.listeners.delete(look);
        clearTimeout(patience);
        clearTimeout(end);
      };
      const fail = (why: string) => {
        finish();
        const said = console.lines.slice(-lastLines).concat(plain(console.unfinished)).join('\n');
        reject(new Error(`waiting for ${pattern}: ${why}\n${complaint()}${said}`));
      };
      const look = () => {
        timers();
        for (; next < console.lines.length; next += 1) {
          const begun = console.bootsAt.filter((index) => index <= next).length - before;
          if (begun > boots) return fail(`boot ${begun} began`);
          const found = pattern.exec(console.lines[next]!);
          if (found === null) continue;
          next += 1;
          finish();
          return resolve(found);
        }
        const asked = prompt ? pattern.exec(plain(console.unfinished)) : null;
        if (asked !== null) {
          next += 1;
          finish();
          return resolve(asked);
        }
        if (isOff) fail('the machine went off');
      };
      console.listeners.add(look);
      off.then(look, (error: unknown) => fail(String(error)));
      look();
    });
  };
}
