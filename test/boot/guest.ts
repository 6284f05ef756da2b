/** A machine that runs one of our versions, and the line on which it is asked. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { type LineLimits, type Machine, type MachineOptions, startMachine } from '../doubles/machine.ts';
import { when } from '../doubles/when.ts';
import { nameFile } from './versions.ts';

/** What a command in the guest came to. */
export type Answer = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** The system says this on the console once in every boot, when it can be asked. */
const greeting = /test-listener: ready/;

/** A guest that was switched on. */
export class Guest implements AsyncDisposable {
  readonly machine: Machine;
  readonly #folder: string;
  readonly #socket: Socket;
  readonly #lines: Interface;
  #questions = 0;

  private constructor(machine: Machine, folder: string, socket: Socket) {
    this.machine = machine;
    this.#folder = folder;
    this.#socket = socket;
    this.#lines = createInterface({ input: socket });
  }

  /** Switches it on, with the loopback interface of this machine at 10.0.2.2 and nothing else on its cable. */
  static async start(options: MachineOptions): Promise<Guest> {
    const folder = mkdtempSync(join(tmpdir(), 'satchel-guest-'));
    const path = join(folder, 'line');
    const machine = await startMachine({
      memory: 1024,
      network: true,
      ...options,
      words: [...(options.words ?? []), '-serial', `unix:${path},server=on,wait=off`],
    });
    return new Guest(machine, folder, await connectTo(path, machine));
  }

  /** Waits until the system of the next boot can be asked. */
  async ready(limits: LineLimits = {}): Promise<void> {
    await this.machine.line(greeting, { silence: 240, ...limits });
  }

  /** Runs a command in the guest's shell. */
  async run(command: string): Promise<Answer> {
    this.#questions += 1;
    // What an earlier boot still had to say is no answer to this.
    const form = new RegExp(`answer ${this.#questions} (\\d+) (\\S*) (\\S*)$`);
    let listen: (line: string) => void = () => undefined;
    const answer = new Promise<Answer>((resolve) => {
      listen = (line) => {
        const [, code, stdout = '', stderr = ''] = form.exec(line) ?? [];
        const text = (encoded: string) => Buffer.from(encoded, 'base64').toString();
        if (code !== undefined) resolve({ code: Number(code), stdout: text(stdout), stderr: text(stderr) });
      };
      this.#lines.on('line', listen);
    });
    this.#ask(command);
    const gone = this.machine.off.then(() => assert.fail(`the machine went off during: ${command}`));
    try {
      return await Promise.race([answer, gone]);
    } finally {
      this.#lines.off('line', listen);
    }
  }

  #ask(command: string): void {
    this.#socket.write(`${this.#questions} ${Buffer.from(command).toString('base64')}\n`);
  }

  /** Asks it to boot again; whoever answers is about to end. */
  restart(): void {
    this.#questions += 1;
    this.#ask('systemctl reboot');
  }

  /** Runs a command that has to succeed; its standard output without the last line feed. */
  async must(command: string): Promise<string> {
    const { code, stdout, stderr } = await this.run(command);
    assert.equal(code, 0, `${command}\n${stderr}${stdout}`);
    return stdout.replace(/\n$/, '');
  }

  /** Runs the program in the guest; it has to succeed. The object that it prints. */
  // biome-ignore lint/suspicious/noExplicitAny: tests ask for the fields that the command promises
  async satchel(words: string): Promise<any> {
    return JSON.parse(await this.must(`satchel ${words} --json`));
  }

  /** The lines of the file in which the hook says what it has started. */
  async facts(): Promise<Readonly<Record<string, string>>> {
    return fieldsOf(await this.must('cat /run/satchel/boot'));
  }

  /** What is on trial; an empty object when nothing is. */
  async trial(): Promise<Readonly<Record<string, string>>> {
    return fieldsOf((await this.run('cat /versions/updates/satchel/trial')).stdout);
  }

  /** Fails unless this version runs, from a tree that was made in this way; what the hook says of it. */
  async runs(build: string, mode = 'overlay'): Promise<Readonly<Record<string, string>>> {
    const facts = await this.facts();
    assert.deepEqual({ build: facts.build, mode: facts.mode }, { build, mode });
    assert.equal(await this.must(`cat /${nameFile}`), build);
    const type = await this.must('findmnt --noheadings --output FSTYPE /');
    assert.equal(type === 'overlay', mode === 'overlay', type);
    return facts;
  }

  /** Waits until the health of the version has been checked. */
  async checked(): Promise<void> {
    await this.must('systemctl start satchel-boot-check.service');
  }

  /** Asks it to boot again and waits until it can be asked again. */
  async reboot(limits: LineLimits = {}): Promise<void> {
    this.restart();
    await this.ready(limits);
  }

  /** Shuts it down in order. */
  async shutDown(): Promise<void> {
    this.#questions += 1;
    this.#ask('systemctl poweroff');
    await this.machine.off;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine.cutPower();
    this.#socket.destroy();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function fieldsOf(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.includes('='));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** qemu makes the socket a moment after it was started. */
async function connectTo(path: string, machine: Machine): Promise<Socket> {
  let socket: Socket | undefined;
  let isTrying = false;
  const attempt = () => {
    if (isTrying) return socket !== undefined;
    isTrying = true;
    const candidate = connect(path);
    candidate.once('connect', () => {
      socket = candidate;
    });
    candidate.once('error', () => {
      isTrying = false;
    });
    return false;
  };
  await when(() => socket !== undefined || attempt(), machine.off);
  return socket!;
}
