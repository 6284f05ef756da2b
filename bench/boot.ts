/**
 * What making the running tree of a version costs at boot: `node bench/boot.ts [FILES]` as root, 50 000 files unless
 * told otherwise. Runs the real hook of the initramfs on a disk in an image; prints one JSON object.
 *
 * The overlay is measured at the second boot, when its layer is there, as at all later ones; `firstBytes` is what the
 * first one puts on the disk. The clone by hard links is compared with `cp -al` of the same tree on the same disk.
 */
import { readFileSync, rmSync, statfsSync } from 'node:fs';
import { boot, hookShells, run } from '../test/doubles/boot-hook.ts';
import { addVersion, makeDevice, pointTo } from '../test/doubles/boot-hook-device.ts';
import { scratchFolder } from '../test/doubles/scratch.ts';
import { median } from './statistics.ts';
import { writeSyntheticTree } from './trees-synthetic.ts';

const rounds = 4;
const files = Number(process.argv[2] ?? 50_000);
const scratch = scratchFolder('bench-boot');
const [dash] = hookShells(scratch.path);
using stack = new DisposableStack();
stack.defer(() => scratch.remove());
const device = makeDevice(scratch.file('device'), { megabytes: 2048 });
stack.defer(() => device.remove());
addVersion(device, 'one');
pointTo(device, 'one');
writeSyntheticTree(scratch.file('tree.tar'), files);
const pristine = device.disk.file('versions/pristine/one');
run('tar', ['-C', pristine, '-xf', scratch.file('tree.tar')]);

/** In shell: the part of the hook that makes the tree, in a way that is given, with the clock read around it. */
const timed = (mode: string) => `start() {
  counted=no conf_mode=${mode}
  began=$(date +%s%N)
  make_tree || return
  echo $((($(date +%s%N) - began) / 1000)) >"$MACHINE/microseconds"
}`;

/** Milliseconds to make the running tree. */
function milliseconds(mode: string): number {
  const { end, said } = boot(device.disk, { shell: dash, functions: timed(mode) });
  if (end !== 'started') throw new Error(said);
  return Number(readFileSync(device.disk.file('../machine/microseconds'), 'utf8')) / 1000;
}

function used(): number {
  run('sync', ['--file-system', device.disk.root]);
  const { blocks, bfree, bsize } = statfsSync(device.disk.root);
  return (blocks - bfree) * bsize;
}

function overlay() {
  const before = used();
  milliseconds('overlay');
  const firstBytes = used() - before;
  const times = Array.from({ length: rounds }, () => milliseconds('overlay'));
  return { milliseconds: median(times), firstBytes, laterBytes: used() - before - firstBytes };
}

/** Both ways in turn, each as often the first, so that what else the machine does meets both. */
function hardlink() {
  const [ours, plain]: [number[], number[]] = [[], []];
  const [copy, tree] = [device.disk.file('versions/plain'), device.disk.file('versions/run/one')];
  const ways = [
    () => ours.push(milliseconds('hardlink')),
    () => plain.push(timeOf('sh', '-c', 'cp -al "$1" "$2" && sync', 'sh', pristine, copy)),
  ];
  for (let i = 0; i < 2 * rounds; i += 1)
    for (const way of i % 2 === 0 ? ways : ways.toReversed()) {
      for (const made of [copy, tree]) rmSync(made, { recursive: true, force: true });
      run('sync', []);
      // The hook does so first, and the kernel then forgets the names that it knew.
      run('mount', ['-o', 'remount,rw', device.disk.root]);
      way();
    }
  return { milliseconds: median(ours), cpAlMilliseconds: median(plain) };
}

function timeOf(program: string, ...words: string[]): number {
  const began = performance.now();
  run(program, words);
  return performance.now() - began;
}

/** The whole hook, when nothing has changed since the last boot. */
function wholeHook(): number {
  boot(device.disk, { shell: dash });
  const times = Array.from({ length: rounds }, () =>
    Number(boot(device.disk, { shell: dash }).facts.milliseconds),
  );
  return median(times);
}

console.log(
  JSON.stringify(
    { files, overlay: overlay(), hook: { milliseconds: wholeHook() }, hardlink: hardlink() },
    undefined,
    2,
  ),
);
