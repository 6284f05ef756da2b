/** An update from a version that somebody has meddled with: only what is damaged is fetched, and it is named. */
import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { UpdatePlan } from '../../src/device/plan-update.ts';
import type { UpdateResult } from '../../src/device/update.ts';
import { removeTree } from '../../src/os/remove-tree.ts';
import { setTimes } from '../../src/os/system-calls.ts';
import { assertSameTree } from '../doubles/same-tree.ts';
import { done, doneWith, pristine, type RunningServer, satchel, serve } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { largeFile, writeStoryTree } from '../doubles/story-trees.ts';

const scratch = scratchFolder('dirty-base');
const repository = scratch.file('repository');
const tree = scratch.file('tree-2');
let server: RunningServer;
let rootHash = '';
/** What an update from a clean version 1 reads. */
let cleanBytes = 0;

async function deviceWithFirst(name: string): Promise<{ root: string; base: string }> {
  const root = scratch.file(name);
  await done(['device', 'init', '--root', root, '--source', server.url, '--trust', rootHash]);
  await done(['update', '--root', root, 'os-1']);
  return { root, base: pristine(root, 'os-1') };
}

/** Other bytes of the same length in the same inode, and the time as it was, to the nanosecond. */
function changeSilently(path: string): void {
  const { mtimeNs } = statSync(path, { bigint: true });
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 0xff, bytes.length - 1);
  writeFileSync(path, bytes, { flag: 'r+' });
  setTimes(path, [Number(mtimeNs / 1_000_000_000n), Number(mtimeNs % 1_000_000_000n)]);
}

before(async () => {
  const { rootSha256 } = await done<{ rootSha256: string }>(['init', '--repo', repository]);
  rootHash = rootSha256;
  writeStoryTree(scratch.file('tree-1'), 1);
  writeStoryTree(tree, 2);
  for (const version of [1, 2])
    await done(['publish', '--repo', repository, '--name', `os-${version}`, scratch.file(`tree-${version}`)]);
  server = await serve(repository);
  const { root } = await deviceWithFirst('clean');
  cleanBytes = (await done<UpdateResult>(['update', '--root', root])).bytesReceived;
});

after(async () => {
  await server.stop();
  scratch.remove();
});

describe('an update from a dirty version', () => {
  test('other content is found by size and time; the damaged files alone are fetched, and named', async () => {
    const { root, base } = await deviceWithFirst('content');
    appendFileSync(`${base}/etc/same`, 'more\n');
    writeFileSync(`${base}/usr/share/many/7`, 'something else of another length');
    rmSync(`${base}/usr/share/many/8`);
    rmSync(`${base}/links/relative`);
    symlinkSync('elsewhere', `${base}/links/relative`);
    const plan = await done<UpdatePlan>(['plan', '--root', root]);
    assert.deepEqual([...plan.damaged].sort(), [
      'etc/same',
      'links/relative',
      'usr/share/many/7',
      'usr/share/many/8',
    ]);
    const { report, stderr } = await doneWith<UpdateResult>(['update', '--root', root]);
    assert.deepEqual([...(report.damaged ?? [])].sort(), [...plan.damaged].sort());
    assert.match(stderr, /os-1.*etc\/same/s);
    assertSameTree(pristine(root, 'os-2'), tree);
    // One frame of small files more than from a clean version, never the large file.
    assert.ok(report.bytesReceived < cleanBytes + 1_100_000, `${report.bytesReceived} against ${cleanBytes}`);
  });

  test('other attributes alone cost no download at all', async () => {
    const { root, base } = await deviceWithFirst('attributes');
    chmodSync(`${base}/etc/same`, 0o666);
    utimesSync(`${base}/usr/share/many/7`, 1e9, 1e9);
    chmodSync(`${base}/${largeFile}`, 0o600);
    const report = await done<UpdateResult>(['update', '--root', root]);
    assertSameTree(pristine(root, 'os-2'), tree);
    assert.ok(report.bytesReceived < cleanBytes * 1.02, `${report.bytesReceived} against ${cleanBytes}`);
    assert.equal(lstatSync(`${base}/etc/same`).mode & 0o777, 0o666, 'the old version is never touched');
  });

  test('a silent change in what is copied is found when it is read', async () => {
    const { root, base } = await deviceWithFirst('copied');
    // Copied and not linked, because its owner or time changes with the update.
    changeSilently(`${base}/changes/only-time`);
    changeSilently(`${base}/${largeFile}`);
    const { report } = await doneWith<UpdateResult>(['update', '--root', root]);
    assertSameTree(pristine(root, 'os-2'), tree);
    assert.ok(report.damaged?.includes('changes/only-time'), JSON.stringify(report.damaged));
    assert.ok(report.damaged?.includes(largeFile), JSON.stringify(report.damaged));
  });

  test('a silent change in what is linked is found with --verify=full, and only that is fetched', async () => {
    const { root, base } = await deviceWithFirst('linked');
    for (const path of ['etc/same', 'usr/bin/setuid', 'groups/same-b']) changeSilently(`${base}/${path}`);
    const { report, stderr } = await doneWith<UpdateResult>(['update', '--root', root, '--verify=full']);
    assertSameTree(pristine(root, 'os-2'), tree);
    assert.deepEqual([...(report.damaged ?? [])].sort(), ['etc/same', 'groups/same-a', 'usr/bin/setuid']);
    assert.match(stderr, /usr\/bin\/setuid/);
    assert.ok(report.bytesReceived < cleanBytes + 1_100_000, `${report.bytesReceived} against ${cleanBytes}`);
    assert.equal((await satchel(['verify', '--root', root, '--full'])).code, 0);
  });

  test('the old version can be repaired afterwards, and gone back to', async () => {
    const root = scratch.file('content');
    const back = await satchel(['rollback', '--root', root]);
    assert.equal(back.code, 1);
    assert.match(back.stderr, /os-1.*damaged/);
    await done(['repair', '--root', root, 'os-1']);
    assertSameTree(pristine(root, 'os-1'), scratch.file('tree-1'));
    await done(['rollback', '--root', root]);
    assert.equal((await done(['status', '--root', root])).nextBoot, 'os-1');
  });

  test('a damaged version that is on the device already is made whole before the switch', async () => {
    const { root } = await deviceWithFirst('way-back');
    await done(['update', '--root', root]);
    await done(['rollback', '--root', root]);
    rmSync(`${pristine(root, 'os-2')}/usr/bin/setuid`);
    const report = await done<UpdateResult>(['update', '--root', root]);
    assert.deepEqual([report.plan, report.damaged], ['switch', ['usr/bin', 'usr/bin/setuid']]);
    assertSameTree(pristine(root, 'os-2'), tree);
    assert.equal((await done(['status', '--root', root])).nextBoot, 'os-2');
  });

  test('--verify=full finds a silent change in the version that boots already', async () => {
    const { root } = await deviceWithFirst('current');
    await done(['update', '--root', root]);
    changeSilently(`${pristine(root, 'os-2')}/etc/same`);
    assert.equal((await done<UpdateResult>(['update', '--root', root])).damaged, undefined);
    const report = await done<UpdateResult>(['update', '--root', root, '--verify=full']);
    assert.deepEqual([report.plan, report.damaged], ['none', ['etc/same']]);
    assertSameTree(pristine(root, 'os-2'), tree);
  });

  test('a version that is gone altogether is fetched anew', async () => {
    const { root, base } = await deviceWithFirst('gone');
    removeTree(base);
    mkdirSync(base);
    const { report } = await doneWith<UpdateResult>(['update', '--root', root]);
    assertSameTree(pristine(root, 'os-2'), tree);
    assert.ok((report.damaged?.length ?? 0) > 50);
  });
});
