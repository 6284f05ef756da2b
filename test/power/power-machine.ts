import { type Machine, startMachine } from '../doubles/machine.ts';
import { startWriteBackDisk, type WriteBackDisk, type WriteBackOptions } from '../doubles/write-back-disk.ts';
import type { PowerDisk } from './power-scene.ts';

/** What a machine does, in the order of a whole round; a cut falls into one of them. */
export const steps = ['boot', 'keep', 'purge', 'fetch', 'stage', 'switch'] as const;
export type PowerStep = (typeof steps)[number];

/** A machine with its disk, until the power is cut. */
export type PoweredMachine = {
  readonly machine: Machine;
  readonly disk: WriteBackDisk;
  /** Cuts the power of both: the cache of the disk and the guest are gone at the same moment. */
  cutPower(): Promise<void>;
};

/** Console lines that mean that a machine will never boot again by itself. */
const deadly = /@ dead|initramfs: the root cannot be mounted|^error: |grub rescue>|No bootable device|Shell>/;
/** Boots that a machine may need until a version runs: those of a trial that fails, and one back. */
const mostBoots = 6;

/** How the disk behaves, and a file that gets all of the console. */
export type PowerOptions = Omit<WriteBackOptions, 'image'> & { readonly log: string };

/** Gives a machine power. */
export async function powerOn(from: PowerDisk, { log, ...options }: PowerOptions): Promise<PoweredMachine> {
  const disk = await startWriteBackDisk({ image: from.image, ...options });
  const machine = await startMachine({
    disks: [{ socket: disk.socket }],
    memory: 512,
    network: true,
    log,
    ...(from.firmware ? { firmware: from.firmware } : {}),
  });
  const cutPower = async () => {
    await Promise.all([disk.cutPower(), machine.cutPower()]);
  };
  return { machine, disk, cutPower };
}

/** A machine that is dead, or that runs what nobody published. */
export class Casualty extends Error {
  override name = 'Casualty';
}

/** What runs after a boot. */
export type Booted = {
  readonly build: string;
  /** The version whose kernel and initramfs the loader took, where that is another one. */
  readonly kernelOf?: string;
};

/** Waits until a complete version runs and takes words. Throws {@link Casualty} when that never comes. */
export async function booted(machine: Machine): Promise<Booted> {
  const limits = { boots: mostBoots };
  const [said] = await machine.line(new RegExp(`^@ up |${deadly.source}`), limits);
  if (!said.startsWith('@ up')) throw new Casualty(said);
  const from = machine.lines.length;
  const [, state, build = ''] = await machine.line(/^@ (whole|broken) (.*)$/);
  if (state !== 'whole') throw new Casualty(`${state} ${build}`);
  await machine.line(/^@ ready/);
  const mixed = machine.lines.slice(from - 1).map((line) => /^@ mixed initramfs of (.*)$/.exec(line)?.[1]);
  const kernelOf = mixed.find((name) => name !== undefined);
  return kernelOf === undefined ? { build } : { build, kernelOf };
}

/** Has the guest do one thing; the lines that it printed meanwhile. Throws {@link Casualty} when it fails. */
export async function tell(machine: Machine, word: string, rest = ''): Promise<readonly string[]> {
  const from = machine.lines.length;
  machine.type(`${word} ${rest}\n`);
  const [, code] = await machine.line(new RegExp(`^@ ended ${word} (\\d+)$`));
  const said = machine.lines.slice(from);
  if (code !== '0') throw new Casualty(`${word} ended with ${code}: ${said.slice(-20).join('\n')}`);
  return said;
}
