/**
 * The hook counts the boots of a version on trial before anything that could fail, and goes back to the version before
 * when they are used up: also on a full disk, after a power cut between two of its steps, and by the alternate boot.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, rmSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { readBootFacts } from '../../src/device/boot-facts.ts';
import { deviceLayout } from '../../src/device/layout.ts';
import { readTrial } from '../../src/device/trial.ts';
import { boot, hookShells, keyValues, mustBoot } from '../doubles/boot-hook.ts';
import {
  type Adapter,
  addVersion,
  type HookDevice,
  makeDevice,
  pointer,
  pointTo,
  startTrial,
  textOf,
  wordsFor,
} from '../doubles/boot-hook-device.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { isRoot } from '../doubles/story-trees.ts';

const skip = isRoot ? false : 'only root can mount';
const scratch = scratchFolder('boot-trial');
const shells = hookShells(scratch.path);
const [dash] = shells;
after(() => scratch.remove());

/** A device that runs `old` and starts `new` next, which is on trial. */
function onTrial(
  name: string,
  adapter: Adapter = 'olpc',
  trial: Parameters<typeof startTrial>[3] = {},
): HookDevice & Disposable {
  using stack = new DisposableStack();
  const device = makeDevice(scratch.file(name.replaceAll(/[ ,]+/g, '-')), { adapter });
  stack.defer(() => device.remove());
  addVersion(device, 'old');
  pointTo(device, 'old');
  const script = 'echo of the user >etc/user';
  mustBoot(device.disk, { shell: dash, words: wordsFor(device, 'old'), script });
  addVersion(device, 'new');
  pointTo(device, 'new', 'old');
  startTrial(device, 'new', 'old', trial);
  const made = stack.move();
  return { ...device, [Symbol.dispose]: () => made.dispose() };
}

const stateOf = ({ own }: HookDevice) => {
  const { state, reason = '-', boots } = keyValues(own('trial'));
  return `${state} ${reason} ${boots}`;
};

describe('counted boots', { skip }, () => {
  for (const shell of shells)
    for (const adapter of ['olpc', 'olpc-partitioned'] as const)
      test(`three, and then back: ${adapter}, ${shell.name}`, () => {
        using device = onTrial(`three-${adapter}-${shell.name}`, adapter);
        for (const count of [1, 2, 3]) {
          const { facts, said, panic, output } = mustBoot(device.disk, { shell, script: 'cat etc/name' });
          assert.equal(output, 'new\n');
          assert.equal(facts.counted, 'yes');
          assert.match(said, new RegExp(`new is on trial: boot ${count} of 3`));
          assert.equal(stateOf(device), `booting - ${count}`);
          assert.equal(panic, 10, 'a kernel that panics starts again');
        }
        const trial = readTrial(deviceLayout(device.disk.root));
        assert.deepEqual(
          [trial?.state, trial?.boots, trial?.tries, trial?.soakSeconds],
          ['booting', 3, 3, 0],
        );

        appendFileSync(device.own('boots/new.log'), 'the last words\n');
        const back = boot(device.disk, { shell });
        assert.equal(back.end, 'restarted');
        assert.match(back.said, /new did not prove itself in 3 boots; back to old/);
        assert.equal(pointer(device), 'old new');
        assert.equal(stateOf(device), 'failed boots 3');
        assert.match(
          textOf(device.own('boots/new.log')) ?? '',
          /^the last words\nsatchel: new did not prove itself in 3/m,
        );

        const script = 'cat etc/name etc/user; ls versions/pristine';
        const { facts, output, panic } = mustBoot(device.disk, { shell, script });
        assert.equal(output, 'old\nof the user\nnew\nold\n');
        assert.deepEqual([facts.counted, facts.fellback, panic], ['no', 'new', 0]);
        assert.equal(stateOf(device), 'failed boots 3');
      });

  test('what the hook tells is what the device reads', () => {
    using device = onTrial('facts');
    mustBoot(device.disk, { shell: dash });
    const facts = readBootFacts(deviceLayout(device.disk.file('../machine')));
    assert.deepEqual(
      [facts?.build, facts?.mode, facts?.layer, facts?.counted],
      ['new', 'overlay', 'layers/new', true],
    );
  });

  for (const state of ['proven', 'failed'])
    test(`a trial that is ${state} is not counted`, () => {
      using device = onTrial(state, 'olpc', { state, boots: 2 });
      for (let i = 0; i < 4; i += 1) assert.equal(mustBoot(device.disk, { shell: dash }).facts.counted, 'no');
      assert.equal(stateOf(device), `${state} - 2`);
    });

  test('the loader counts where it can', () => {
    using device = onTrial('bls', 'bls');
    for (let i = 0; i < 5; i += 1) {
      const { facts, panic } = mustBoot(device.disk, { shell: dash, words: wordsFor(device, 'new') });
      assert.deepEqual([facts.build, facts.counted, panic], ['new', 'yes', 10]);
    }
    assert.equal(stateOf(device), 'waiting - 0');
    assert.ok(existsSync(device.disk.file('versions/pristine/old')));
  });

  test('without a version to go back to it goes on trying', () => {
    using device = onTrial('nowhere', 'olpc', { state: 'booting', boots: 3 });
    rmSync(device.disk.file('versions/pristine/old'), { recursive: true });
    const { said, facts } = mustBoot(device.disk, { shell: dash });
    assert.match(said, /there is no version to go back to/);
    assert.equal(facts.counted, 'no');
  });

  for (const shell of shells)
    test(`a running tree that cannot be made counts, until it goes back: ${shell.name}`, () => {
      using device = onTrial(`no-tree-${shell.name}`);
      const functions =
        'make_tree() { [ "$current" = old ] && mode=overlay && tree=$versions/run/old && tree_overlay; }';
      for (const count of [1, 2, 3]) {
        assert.equal(boot(device.disk, { shell, functions }).end, 'restarted');
        assert.equal(stateOf(device), `booting - ${count}`);
      }
      assert.equal(boot(device.disk, { shell, functions }).end, 'restarted');
      assert.equal(mustBoot(device.disk, { shell, functions, script: 'cat etc/name' }).output, 'old\n');
    });

  test('without a trial a running tree that cannot be made is for people to look at', () => {
    using device = onTrial('kept');
    rmSync(device.own('trial'));
    const { end, said } = boot(device.disk, { shell: dash, functions: 'make_tree() { return 1; }' });
    assert.equal(end, 'stopped');
    assert.match(said, /new cannot be started/);
  });

  for (const shell of shells)
    test(`a full disk is counted on, and left: ${shell.name}`, () => {
      using device = onTrial(`full-${shell.name}`);
      const fill = () => {
        spawnSync('dd', [
          'if=/dev/zero',
          `of=${device.disk.file('home/full')}`,
          'bs=1M',
          'conv=notrunc',
          'oflag=append',
        ]);
        spawnSync('dd', [
          'if=/dev/zero',
          `of=${device.disk.file('home/full2')}`,
          'bs=512',
          'conv=notrunc',
          'oflag=append',
        ]);
      };
      for (const count of [1, 2, 3]) {
        fill();
        const { facts, said } = mustBoot(device.disk, { shell });
        assert.deepEqual([facts.counted, facts.mode], ['yes', 'overlay'], said);
        assert.equal(stateOf(device), `booting - ${count}`);
        // What the reserve left is used up as well; room for a new one comes from what a user deletes.
        rmSync(device.disk.file('home/full2'));
        mustBoot(device.disk, { shell, functions: 'count_boot() { counted=no; }' });
      }
      fill();
      assert.equal(boot(device.disk, { shell }).end, 'restarted');
      assert.equal(pointer(device), 'old new');
      assert.equal(mustBoot(device.disk, { shell, script: 'cat etc/name' }).output, 'old\n');
    });

  test('the way back that the power interrupted is written down by the next boot', () => {
    using device = onTrial('interrupted', 'olpc', { state: 'booting', boots: 3 });
    pointTo(device, 'old', 'new');
    const { facts } = mustBoot(device.disk, { shell: dash });
    assert.deepEqual([facts.build, facts.fellback], ['old', 'new']);
    assert.equal(stateOf(device), 'failed boots 3');
  });

  test('a switch that the power interrupted leaves its trial waiting', () => {
    using device = onTrial('not switched');
    pointTo(device, 'old');
    assert.equal(mustBoot(device.disk, { shell: dash, script: 'cat etc/name' }).output, 'old\n');
    assert.equal(stateOf(device), 'waiting - 0');
  });

  for (const adapter of ['olpc', 'olpc-partitioned'] as const)
    test(`the alternate boot ends the trial: ${adapter}`, () => {
      using device = onTrial(`alternate ${adapter}`, adapter, { state: 'proven', boots: 1 });
      const { facts, output } = mustBoot(device.disk, {
        shell: dash,
        words: 'altboot',
        script: 'cat etc/name',
      });
      assert.equal(output, 'old\n');
      assert.equal(stateOf(device), 'failed user 1');
      assert.equal(facts.fellback, '');
      assert.equal(pointer(device), 'old new');
    });

  test('a damaged trial file keeps nothing from starting', () => {
    using device = onTrial('damaged');
    for (const text of [
      '',
      '\0\0\0',
      'build',
      'build=new\nstate=booting\nboots=x\ntries=\n',
      'a b=c\n$(reboot)=1\nbuild=$(reboot)',
    ]) {
      spawnSync('sh', [
        '-c',
        `printf '%s' "$1" >"$2"`,
        'sh',
        text.replaceAll('\0', '?'),
        device.own('trial'),
      ]);
      assert.equal(mustBoot(device.disk, { shell: dash, script: 'cat etc/name' }).output, 'new\n');
    }
  });

  test('an update that is staged before the system starts', () => {
    using device = onTrial('stage');
    const stage = (result: number) => ({
      shell: dash,
      functions: `satchel_boot_stage() { echo "staging $2 below $1" >&2; return ${result}; }`,
    });
    assert.doesNotMatch(mustBoot(device.disk, stage(0)).said, /staging/);
    spawnSync('mkdir', [device.own('boot-stage')]);
    spawnSync('touch', [device.own('boot-stage/order')]);
    rmSync(device.own('trial'));
    assert.match(mustBoot(device.disk, stage(0)).said, new RegExp(`staging new below ${device.disk.root}`));
    assert.equal(boot(device.disk, stage(10)).end, 'restarted');
    assert.equal(boot(device.disk, stage(1)).end, 'stopped');
  });
});
