/**
 * The hook is killed by SIGKILL after each of its commands that change something, one after the other: the next boot
 * starts a complete version, what follows the device has followed, and what a user changed is there.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { boot, hookShells, keyValues, run } from '../doubles/boot-hook.ts';
import {
  type Adapter,
  addVersion,
  type HookDevice,
  makeDevice,
  pointer,
  pointTo,
  startTrial,
  textOf,
  writeText,
} from '../doubles/boot-hook-device.ts';
import { isComplete } from '../doubles/crash-run.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { isRoot } from '../doubles/story-trees.ts';

const skip = isRoot ? false : 'only root can mount';
const scratch = scratchFolder('boot-crash');
const [dash] = hookShells(scratch.path);
const deadly = scratch.file('deadly');
after(() => scratch.remove());

/** Programs that do what they do, and then kill the shell that called them if it was the call to die at. */
function makeDeadly(): void {
  mkdirSync(deadly);
  const changing = 'mv rm ln mkdir rmdir mount umount cp dd chmod chown sync'.split(' ');
  for (const name of changing) {
    const real = run('sh', ['-c', `command -v ${name}`]).trim();
    const script = `#!/bin/sh
${real} "$@"
code=$?
read -r count <"$CRASH_COUNT"
echo $((count + 1)) >"$CRASH_COUNT"
[ "$count" != "$CRASH_AT" ] || kill -9 $PPID
exit $code
`;
    writeFileSync(join(deadly, name), script, { mode: 0o755 });
  }
}
if (isRoot) makeDeadly();

/** What a boot starts from, and what has to be true whenever it was cut. */
type Story = {
  readonly name: string;
  readonly adapter?: Adapter;
  readonly mode?: string;
  readonly words?: string;
  prepare(device: HookDevice): void;
  /** The version that the boot after the cut may start, and what `look` shows then. */
  readonly allowed: Readonly<Record<string, string>>;
  check?(device: HookDevice): void;
};

const files = {
  'etc/satchel/persist.d/a.list': '/etc/hostname\n/etc/wifi\n/etc/keys/*\n',
  'etc/wifi/shipped': '',
  'etc/keys/first': '',
};
const look = 'cat etc/name etc/hostname etc/keys/* etc/user 2>/dev/null; ls etc/wifi; ls -A';
const top = 'bin\nboot\nbootpart\netc\nhome\nsecurity\nversions\n';

/** `old` has run and its user has changed it; `new` starts next. */
function firstBootOfNew(device: HookDevice): void {
  addVersion(device, 'old', { files });
  pointTo(device, 'old');
  const script = `echo named >etc/hostname; echo of the user >etc/user; echo home >etc/wifi/home
    echo one >etc/keys/first; echo two >etc/keys/second`;
  assert.equal(boot(device.disk, { shell: dash, script }).end, 'started');
  addVersion(device, 'new', { files });
  addVersion(device, 'forgotten');
  writeText(device.disk.file('versions/pristine/tmp.half/file'), '');
  pointTo(device, 'new', 'old');
  startTrial(device, 'new', 'old');
}

const started = {
  new: `new\nnamed\none\ntwo\nhome\nshipped\n${top}`,
  old: `old\nnamed\none\ntwo\nof the user\nhome\nshipped\n${top}`,
};

const stories: readonly Story[] = [
  ...(['overlay', 'hardlink', 'copy'] as const).map((mode) => ({
    name: `the first boot of a version, ${mode}`,
    mode,
    prepare: firstBootOfNew,
    allowed: { new: started.new },
    check: ({ disk, own }: HookDevice) => {
      const { boots } = keyValues(own('trial'));
      assert.ok(boots === '1' || boots === '2', `each boot is counted once: ${boots}`);
      assert.deepEqual(readdirSync(disk.file('versions/pristine')).sort(), ['new', 'old']);
    },
  })),
  ...(['olpc', 'olpc-partitioned'] as const).flatMap((adapter): Story[] => [
    {
      name: `the way back, ${adapter}`,
      adapter,
      prepare: (device) => {
        firstBootOfNew(device);
        boot(device.disk, { shell: dash });
        startTrial(device, 'new', 'old', { state: 'booting', boots: 3 });
      },
      allowed: { old: started.old },
      check: (device) => {
        assert.equal(pointer(device), 'old new');
        const { state, reason } = keyValues(device.own('trial'));
        assert.equal(`${state} ${reason}`, 'failed boots');
      },
    },
    {
      name: `the alternate boot, ${adapter}`,
      adapter,
      words: 'altboot',
      prepare: (device) => {
        firstBootOfNew(device);
        boot(device.disk, { shell: dash });
      },
      allowed: started,
    },
  ]),
];

/** Boots until the system starts: a machine that is on restarts. */
function bootUp(device: HookDevice) {
  for (let i = 0; i < 3; i += 1) {
    const booted = boot(device.disk, { shell: dash, script: look });
    if (booted.end !== 'restarted') return booted;
  }
  throw new Error('it restarts for ever');
}

describe('the power fails after each step of the hook', { skip }, () => {
  for (const [number, story] of stories.entries()) {
    const { name, adapter = 'olpc', mode = 'overlay', words = '', prepare, allowed, check } = story;
    test(name, (context) => {
      using stack = new DisposableStack();
      const device = makeDevice(scratch.file(name.replaceAll(/[ ,]+/g, '-')), {
        adapter,
        settings: [`mode=${mode}`],
      });
      stack.defer(() => device.remove());
      prepare(device);
      const disks = [device.disk, device.bootpart].filter((disk) => disk !== undefined);
      for (const { root } of disks) run('cp', ['-a', root, `${root}-before`]);
      const seen = new Set<string>();
      // Not all in the usual run: it takes a third of them, beginning elsewhere in each story.
      const stride = isComplete ? 1 : 3;
      let [cuts, steps] = [0, Number.POSITIVE_INFINITY];
      for (let at = isComplete ? 0 : number % stride; steps > at; at += stride) {
        assert.ok(at < 200, 'it comes to an end');
        for (const { root } of disks)
          run('sh', ['-c', 'rm -rf "$1"/*; cp -a "$1-before/." "$1/"', 'sh', root]);
        const count = scratch.file('count');
        writeFileSync(count, '0\n');
        const environment = { CRASH_COUNT: count, CRASH_AT: `${at}` };
        const cut = boot(device.disk, { shell: dash, words, programs: deadly, environment });
        const made = Number(readFileSync(count, 'utf8'));
        if (made > at) {
          cuts += 1;
          assert.notEqual(cut.end, 'stopped', cut.said);
        } else steps = made;
        const { end, output, said, facts } = bootUp(device);
        const doing = `after step ${at}: ${cut.said}\n${said}`;
        assert.equal(end, 'started', doing);
        seen.add(facts.build ?? '');
        assert.equal(output, allowed[facts.build ?? ''], doing);
        const named = textOf(device.disk.file('versions/pristine', facts.build ?? '', 'etc/name'));
        assert.equal(named, `${facts.build}\n`);
        check?.(device);
      }
      assert.deepEqual([...seen].sort(), Object.keys(allowed).sort());
      context.diagnostic(`cut after ${cuts} of its ${steps} steps`);
      for (const { root } of disks) rmSync(`${root}-before`, { recursive: true });
    });
  }
});
