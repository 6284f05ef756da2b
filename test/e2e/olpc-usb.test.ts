/** `olpc-update --usb`: from a folder, from an ISO image as the image builder makes them, and from a repository. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { makeNode, setTimes } from '../../src/os/system-calls.ts';
import type { ClientUpdateResult } from '../../src/rsync/client-options.ts';
import { openLiteKeys } from '../../src/trust/lite-keys.ts';
import { assertSameTree } from '../doubles/same-tree.ts';
import { done, pristine, refused } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { isRoot } from '../doubles/story-trees.ts';

const scratch = scratchFolder('olpc-usb');
const tree = scratch.file('tree');
const keys = scratch.file('keys');

/** Which image of the tree is read, and what stands in for `mount` there. */
const images = [
  ['ISO 9660, as this kernel reads it', 'iso', undefined],
  [
    'ISO 9660 that the kernel cannot mount',
    'iso',
    "echo 'mount: unknown filesystem type iso9660' >&2; exit 32",
  ],
  ['any file system that the kernel mounts', 'other', `exec mount.real --bind -- ${tree} "$5"`],
] as const;
const mountProgram = spawnSync('sh', ['-c', 'command -v mount'], { encoding: 'utf8' }).stdout.trim();

/** An environment whose `mount` does this: `-o OPTIONS -- IMAGE FOLDER` are its words. */
function withMount(script: string | undefined): { environment?: { PATH: string } } {
  if (script === undefined) return {};
  const bin = scratch.file('bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(`${bin}/mount`, `#!/bin/sh\n${script.replace('mount.real', mountProgram)}\n`, {
    mode: 0o755,
  });
  return { environment: { PATH: `${bin}:${process.env.PATH}` } };
}

function makeImage(kind: 'iso' | 'other', file: string): void {
  if (kind === 'other') {
    writeFileSync(file, 'an image of a file system');
    return;
  }
  const made = spawnSync('genisoimage', ['-quiet', '-R', '-o', file, tree], { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
}
const update = (root: string, ...words: string[]) =>
  done<ClientUpdateResult>(['olpc-update', '--root', root, '--usb', ...words]);

/** A device that trusts the key of the tree. */
function device(name: string): string {
  const root = scratch.file(name);
  for (const folder of ['security', 'versions']) mkdirSync(`${root}/${folder}`, { recursive: true });
  cpSync(`${keys}/lite.public`, `${root}/security/lite.public`);
  return root;
}

before(async () => {
  for (const folder of ['bin', 'dev', 'etc', 'versions']) mkdirSync(`${tree}/${folder}`, { recursive: true });
  writeFileSync(`${tree}/bin/su`, 'su\n');
  chmodSync(`${tree}/bin/su`, 0o4755);
  writeFileSync(`${tree}/etc/issue`, 'release 1\n');
  setTimes(`${tree}/etc/issue`, [1_194_004_800, 123_456_789]);
  symlinkSync('../bin/su', `${tree}/etc/link`);
  if (isRoot) makeNode(`${tree}/dev/null`, 'char', 0o666, 1, 3);
  mkdirSync(keys);
  openLiteKeys(keys).create();
  await done(['olpc-contents-create', '-f', `${tree}/contents`, '--key-dir', keys, tree]);
});

after(() => scratch.remove());

describe('an update from a drive', { skip: !isRoot && 'needs root' }, () => {
  test('comes from a folder with its signed manifest, which does not become a part of it', async () => {
    const root = device('device-folder');
    const { build, checkedBy } = await update(root, tree, 'py-1');
    assert.deepEqual([build, checkedBy], ['py-1', 'manifest']);
    assert.deepEqual(readdirSync(pristine(root, 'py-1')), ['bin', 'dev', 'etc', 'versions']);
    const { versions } = await done<{ versions: { damaged: unknown[] }[] }>([
      'verify',
      '--root',
      root,
      '--full',
    ]);
    assert.deepEqual(versions[0]?.damaged, []);
    assert.deepEqual(readFileSync(`${root}/versions/contents/py-1`), readFileSync(`${tree}/contents`));
  });

  for (const [number, [what, kind, mount]] of images.entries())
    test(`comes from an image (${what}), exact to the nanosecond, and nothing stays behind`, async () => {
      const image = scratch.file(`image-${number}`, 'py-1.usb');
      mkdirSync(scratch.file(`image-${number}`));
      makeImage(kind, image);
      const root = device(`device-${number}`);
      // What a killed run has left goes too.
      mkdirSync(`${root}/versions/updates/satchel/stage/.medium-0-left`, { recursive: true });
      const words = ['olpc-update', '--root', root, '--usb', image];
      assert.equal((await done<ClientUpdateResult>(words, withMount(mount))).build, 'py-1');
      const folder = device(`device-beside-${number}`);
      await update(folder, tree, 'py-1');
      assertSameTree(pristine(root, 'py-1'), pristine(folder, 'py-1'));
      assert.doesNotMatch(readFileSync('/proc/self/mountinfo', 'utf8'), /medium/);
      assert.deepEqual(readdirSync(`${root}/versions/updates/satchel/stage`), []);
    });

  test('an image that ends too early, where it cannot be mounted, is a sentence and changes nothing', async () => {
    const image = scratch.file('short.iso');
    makeImage('iso', image);
    truncateSync(image, 60_000);
    const root = device('device-short');
    const words = ['olpc-update', '--root', root, '--usb', image, 'py-1'];
    assert.equal((await refused(words, withMount('exit 32'))).code, 'rsync-mount-failed');
    assert.deepEqual(readdirSync(`${root}/versions/updates/satchel/stage`), []);
  });

  test('a drive that is not there is a sentence', async () => {
    const words = ['olpc-update', '--root', device('device-nothing'), '--usb', scratch.file('nothing')];
    assert.equal((await refused(words)).code, 'usb-missing');
  });

  test('is found where drives are mounted', async () => {
    const root = device('device-finds');
    assert.equal((await refused(['olpc-update', '--root', root, '--usb'])).code, 'usb-not-found');
    cpSync(tree, `${root}/media/somebody/stick`, {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
      filter: (name) => !name.endsWith('/null'),
    });
    rmSync(`${root}/media/somebody/stick/contents`);
    await done([
      'olpc-contents-create',
      '-f',
      `${root}/media/somebody/stick/contents`,
      '--key-dir',
      keys,
      `${root}/media/somebody/stick`,
    ]);
    assert.equal((await refused(['olpc-update', '--root', root, '--usb'])).code, 'usb-name-unknown');
    writeFileSync(`${root}/media/somebody/stick/contents.name`, 'py-2\n');
    assert.equal((await update(root)).build, 'py-2');
    assert.deepEqual(readdirSync(pristine(root, 'py-2')), ['bin', 'dev', 'etc', 'versions']);
    cpSync(`${root}/media/somebody`, `${root}/mnt`, { recursive: true, verbatimSymlinks: true });
    assert.equal((await refused(['olpc-update', '--root', root, '--usb'])).code, 'usb-several');
  });

  test('is refused without a manifest, or without a signature of a trusted key, unless it is forced', async () => {
    const root = device('device-refuses');
    const stick = scratch.file('unsigned');
    spawnSync('cp', ['-a', tree, stick]);
    rmSync(`${root}/security/lite.public`);
    const refusal = async () => {
      const { exitCode, code } = await refused(['olpc-update', '--root', root, '--usb', stick, 'py-1']);
      return [exitCode, code];
    };
    assert.deepEqual(await refusal(), [4, 'contents-signature-wrong']);
    openLiteKeys(scratch.file('others')).create();
    cpSync(scratch.file('others/lite.public'), `${root}/security/lite.public`);
    assert.deepEqual(await refusal(), [4, 'contents-signature-wrong']);
    rmSync(`${stick}/contents.sig`);
    assert.deepEqual(await refusal(), [4, 'contents-unsigned']);
    rmSync(`${stick}/contents`);
    assert.deepEqual(await refusal(), [4, 'rsync-contents-missing']);
    const { manifest, checkedBy } = await update(root, '-f', stick, 'py-1');
    assert.deepEqual([manifest, checkedBy], ['none', 'comparison']);
    await done(['verify', '--root', root, '--full']);
  });

  test('what is no image is a sentence', async () => {
    const path = scratch.file('broken.usb');
    writeFileSync(path, 'no image');
    const refusal = await refused(['olpc-update', '--root', device('device-broken'), '--usb', path]);
    assert.equal(refusal.code, 'rsync-mount-failed');
  });
});
