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

/** How the image of a folder is made, and whether the kernel here mounts it. */
const images = {
  'ISO 9660': (file: string) => spawnSync('genisoimage', ['-quiet', '-R', '-o', file, tree]),
  ext4: (file: string) => {
    spawnSync('truncate', ['-s', '8M', file]);
    return spawnSync('mkfs.ext4', ['-q', '-d', tree, file]);
  },
};
const mounts = (file: string) =>
  spawnSync('unshare', ['--mount', 'sh', '-c', 'mount -o ro "$0" /mnt', file]).status === 0;
const update = (root: string, ...words: string[]) =>
  done<ClientUpdateResult>(['olpc-update', '--root', root, '--usb', ...words]);

/** A device that trusts the key of the tree. */
function device(name: string): string {
  const root = scratch.file(name);
  mkdirSync(`${root}/security`, { recursive: true });
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

  for (const [kind, make] of Object.entries(images))
    test(`comes from an image (${kind}), exact to the nanosecond, and nothing stays mounted`, async (context) => {
      const image = scratch.file(kind, 'py-1.usb');
      mkdirSync(scratch.file(kind));
      if (make(image).error !== undefined || !mounts(image))
        return context.skip(`cannot make or mount ${kind} here`);
      const root = device(`device-${kind}`);
      assert.equal((await update(root, image)).build, 'py-1');
      const folder = device(`device-beside-${kind}`);
      await update(folder, tree, 'py-1');
      assertSameTree(pristine(root, 'py-1'), pristine(folder, 'py-1'));
      assert.doesNotMatch(readFileSync('/proc/self/mountinfo', 'utf8'), /satchel-medium/);
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
