/** `olpc-update` from a plain rsync server of the old kind, with the real rsync on both sides. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { compareTrees } from '../../bench/check-tree.ts';
import { contentsFor } from '../../src/build/contents.ts';
import { buildFromDirectory } from '../../src/build/from-directory.ts';
import type { ClientUpdateResult } from '../../src/rsync/client-options.ts';
import { nobodyWrapper } from '../doubles/nobody.ts';
import { buildModule, type RsyncServer, stallingWay, startRsyncServer } from '../doubles/rsync-server.ts';
import { assertSameTree, describeTree, snapshotOf } from '../doubles/same-tree.ts';
import { done, doneWith, pristine, refused, satchel, startSatchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { isRoot, noise, writeStoryTree } from '../doubles/story-trees.ts';
import { when } from '../doubles/when.ts';

const scratch = scratchFolder('olpc-update');
let server: RsyncServer;

/** A build of the server: its folder with `contents` and `root/`. */
const build = (name: string, ...below: string[]) => scratch.file('builds', name, ...below);

async function writeBuild(
  name: string,
  version: 1 | 2 | 3,
  contents: 'ours' | 'opaque',
  change: (tree: string) => void = () => undefined,
): Promise<void> {
  mkdirSync(build(name), { recursive: true });
  writeStoryTree(build(name, 'root'), version, { withLargeFile: /^(?:ours|old|large)-/.test(name) });
  change(build(name, 'root'));
  const entries = await buildFromDirectory(build(name, 'root'), { add: () => undefined }, { asItIs: true });
  writeFileSync(
    build(name, 'contents'),
    contents === 'ours' ? contentsFor(entries) : `["manifest",1,"nobody reads ${name}"]`,
  );
}

/** Builds that would lead out of the tree: by a path, by a symlink in the way, by a symlink for a manifest. */
async function writeHostileBuilds(victim: string): Promise<void> {
  for (const name of ['outside-2', 'linked-2', 'secret-2']) await writeBuild(name, 2, 'ours');
  const contents = build('outside-2', 'contents');
  const entry = {
    gid: 0,
    mode: 0o644,
    mtime: 0,
    path: '../../x',
    sha256: '0'.repeat(64),
    size: 1,
    type: 'f',
    uid: 0,
  };
  const [start, ...rest] = readFileSync(contents, 'latin1').split('"entries":[');
  const [root, ...others] = rest.join('').split('},{');
  writeFileSync(
    contents,
    `${start}"entries":[${[root, JSON.stringify(entry).slice(1, -1), ...others].join('},{')}`,
    'latin1',
  );
  // The manifest says a directory with files; the server has a symlink to somewhere on the device.
  rmSync(build('linked-2', 'root/groups'), { recursive: true });
  symlinkSync(victim, build('linked-2', 'root/groups'));
  rmSync(build('secret-2', 'contents'));
  symlinkSync('/etc/passwd', build('secret-2', 'contents'));
}

/** A disk with room for versions, and nothing on it yet. */
function device(name: string): string {
  const root = scratch.file(name);
  mkdirSync(`${root}/versions`, { recursive: true });
  return root;
}

const update = (root: string, ...words: string[]) =>
  doneWith<ClientUpdateResult>(['olpc-update', '--root', root, '-s', server.url, ...words]);
const bootsNext = (root: string) =>
  readlinkSync(`${root}/versions/${readlinkSync(`${root}/versions/boot`)}/current`);

before(async () => {
  for (const version of [1, 2, 3] as const) {
    await writeBuild(`ours-${version}`, version, 'ours');
    await writeBuild(`old-${version}`, version, 'opaque');
  }
  await writeBuild('plain-1', 1, 'opaque');
  await writeBuild('busy-1', 1, 'ours');
  await writeBuild('shifty-1', 1, 'ours');
  await writeBuild('bare-1', 1, 'ours');
  rmSync(build('bare-1', 'contents'));
  await writeBuild('wrong-2', 2, 'ours');
  appendFileSync(build('wrong-2', 'root', 'etc/issue'), 'not in the manifest');
  await writeBuild('large-2', 2, 'ours', (tree) => writeFileSync(`${tree}/usr/big`, noise('big', 4_000_000)));
  await writeHostileBuilds(scratch.file('victim'));
  const more: Readonly<Record<string, string>> = {
    'plain-1': '  refuse options = acls xattrs\n',
    'busy-1': "  pre-xfer exec = echo 'being made, 40 %: try again in a minute'; exit 1\n",
  };
  const names = readdirSync(scratch.file('builds'));
  server = await startRsyncServer(
    scratch.path,
    `${names.map((name) => buildModule(name, build(name), more[name])).join('')}[drop]\n  path = ${scratch.path}\n`,
  );
});

after(async () => {
  await server.stop();
  scratch.remove();
});

describe('a device that is updated from a plain rsync server', { skip: !isRoot && 'needs root' }, () => {
  for (const [kind, checkedBy] of [
    ['ours', 'manifest'],
    ['old', 'comparison'],
  ] as const)
    test(`gets every build exactly as it lies there, and leaves the version before as it was (${kind})`, async () => {
      const root = device(`device-${kind}`);
      const { report: first } = await update(root, `${kind}-1`);
      assert.deepEqual([first.plan, first.from, first.checkedBy], ['rsync', null, checkedBy]);
      assertSameTree(pristine(root, `${kind}-1`), build(`${kind}-1`, 'root'));
      assert.equal(bootsNext(root), `/versions/pristine/${kind}-1`);
      const before = snapshotOf(pristine(root, `${kind}-1`));
      const { report: second } = await update(root, `${kind}-2`);
      assert.deepEqual([second.plan, second.from, second.rounds], ['rsync', `${kind}-1`, 1]);
      assertSameTree(pristine(root, `${kind}-2`), build(`${kind}-2`, 'root'));
      assert.deepEqual(snapshotOf(pristine(root, `${kind}-1`)), before);
      assert.ok(second.bytesReceived < first.bytesReceived / 3, JSON.stringify([first, second]));
      assert.deepEqual(
        readFileSync(`${root}/versions/contents/${kind}-2`),
        readFileSync(build(`${kind}-2`, 'contents')),
      );
      assert.deepEqual(readdirSync(`${root}/versions/updates/satchel/stage`), []);
      const { versions } = await done<{ versions: { damaged: unknown[] }[] }>([
        'verify',
        '--root',
        root,
        '--full',
        '--all',
      ]);
      assert.deepEqual(
        versions.map(({ damaged }) => damaged),
        [[], []],
      );
      const { report: third } = await update(root, `${kind}-3`);
      assertSameTree(pristine(root, `${kind}-3`), build(`${kind}-3`, 'root'));
      assert.deepEqual(readdirSync(`${root}/versions/pristine`).sort(), [`${kind}-2`, `${kind}-3`]);
      assert.equal(third.from, `${kind}-2`);
      const { report: fourth } = await update(root, `${kind}-3`);
      assert.equal(fourth.plan, 'none');
      const { report: back } = await update(root, `${kind}-2`);
      assert.equal(back.plan, 'switch');
    });

  test('a killed update leaves the old state, and the next goes on with what was received', async () => {
    const root = device('device-killed');
    await update(root, 'ours-1');
    const before = snapshotOf(pristine(root, 'ours-1'));
    const way = await stallingWay(server, 40_000);
    const running = startSatchel(['olpc-update', '--root', root, '-s', way.url, 'large-2']);
    await when(way.stalled, running.ended);
    running.child.kill('SIGKILL');
    await running.ended;
    // rsync does not outlive us.
    await when(() => way.clients() === 0);
    await way.close();
    assert.equal(bootsNext(root), '/versions/pristine/ours-1');
    assert.deepEqual(snapshotOf(pristine(root, 'ours-1')), before);
    const way2 = await stallingWay(server, 2_000_000);
    const again = startSatchel(['olpc-update', '--root', root, '-s', way2.url, 'large-2']);
    await when(way2.stalled, again.ended);
    again.child.kill('SIGTERM');
    assert.equal((await again.ended).signal ?? (await again.ended).code, 143);
    await way2.close();
    const { report } = await update(root, 'large-2');
    assertSameTree(pristine(root, 'large-2'), build('large-2', 'root'));
    assert.deepEqual(snapshotOf(pristine(root, 'ours-1')), before);
    assert.ok(report.bytesReceived < 2_500_000, `${report.bytesReceived}`);
  });

  test('a connection that breaks is made again, and goes on where it was', async () => {
    const root = device('device-broken');
    const way = await stallingWay(server, 2_000_000, { thenBreak: true });
    const { report, stderr } = await doneWith<ClientUpdateResult>([
      'olpc-update',
      '--root',
      root,
      '-s',
      way.url,
      'large-2',
    ]);
    await way.close();
    assert.match(stderr, /the connection to .* broke; it is made again/i);
    assertSameTree(pristine(root, 'large-2'), build('large-2', 'root'));
    const { data } = await done<{ data: { bytes: number } }>(['status', '--root', root]);
    assert.equal(data.bytes, report.bytesReceived);
    assert.ok(data.bytes > 5_000_000 && data.bytes < 11_000_000, `${data.bytes}`);
  });

  for (const kind of ['ours', 'old'])
    test(`a base that is not as it was installed costs only what is damaged (${kind})`, async () => {
      const root = device(`device-dirty-${kind}`);
      await update(root, `${kind}-1`);
      const tree = pristine(root, `${kind}-1`);
      appendFileSync(`${tree}/usr/share/many/7`, 'changed in place');
      chmodSync(`${tree}/usr/share/many/8`, 0o600);
      rmSync(`${tree}/groups/same-b`);
      linkSync(`${tree}/usr/share/many/9`, `${tree}/groups/same-b`);
      writeFileSync(`${tree}/usr/share/extra`, 'nobody knows me');
      const before = snapshotOf(tree);
      const { report } = await update(root, `${kind}-2`);
      assertSameTree(pristine(root, `${kind}-2`), build(`${kind}-2`, 'root'));
      assert.deepEqual(snapshotOf(tree), before);
      assert.deepEqual(report.damaged, [
        'groups/same-a',
        'groups/same-b',
        'usr/share/many/7',
        'usr/share/many/8',
      ]);
    });

  test('a version that an old olpc-update has installed is a base too', async () => {
    const root = device('device-old-base');
    mkdirSync(`${root}/versions/pristine`, { recursive: true });
    mkdirSync(`${root}/versions/configs/5`, { recursive: true });
    spawnSync('cp', ['-a', build('ours-1', 'root'), `${root}/versions/pristine/5`]);
    symlinkSync('/versions/pristine/5', `${root}/versions/configs/5/current`);
    symlinkSync('configs/5', `${root}/versions/boot`);
    const before = snapshotOf(pristine(root, '5'));
    const { report, stderr } = await update(root, 'ours-2');
    assert.match(stderr, /Nothing was recorded about 5/);
    assert.equal(report.from, '5');
    assertSameTree(pristine(root, 'ours-2'), build('ours-2', 'root'));
    assert.deepEqual(snapshotOf(pristine(root, '5')), before);
  });

  test('at a server without attributes the rest arrives, and that is said', async () => {
    const root = device('device-plain');
    const { stderr } = await update(root, 'plain-1');
    assert.match(stderr, /cannot send ACLs and extended attributes/);
    assert.equal(readFileSync(`${pristine(root, 'plain-1')}/etc/issue`, 'utf8'), 'release 1\n');
  });

  for (const kind of ['ours', 'old'])
    test(`a server that speaks the protocol of 2008 is understood (${kind})`, async () => {
      const root = device(`device-2008-${kind}`);
      const bin = scratch.file('bin-2008');
      mkdirSync(bin, { recursive: true });
      const program = spawnSync('sh', ['-c', 'command -v rsync'], { encoding: 'utf8' }).stdout.trim();
      writeFileSync(`${bin}/rsync`, `#!/bin/sh\nexec ${program} --protocol=29 "$@"\n`, { mode: 0o755 });
      const options = { environment: { PATH: `${bin}:${process.env.PATH}` } };
      for (const version of [1, 2]) {
        const name = `${kind}-${version}`;
        const words = ['olpc-update', '--root', root, '-s', server.url, name];
        const { report, stderr } = await doneWith<ClientUpdateResult>(words, options);
        assert.match(stderr, /cannot send ACLs and extended attributes/);
        assert.equal(report.rounds, 1);
        const differences = compareTrees(
          describeTree(build(name, 'root')),
          describeTree(pristine(root, name)),
          {
            withRoot: true,
          },
        );
        const expected = kind === 'ours' ? /attr/ : /attr|time/;
        assert.deepEqual(
          differences.filter((difference) => !expected.test(JSON.stringify(difference))),
          [],
        );
      }
    });

  test('a tree that is not what its manifest says is refused, and nothing has changed', async () => {
    const root = device('device-wrong');
    await update(root, 'ours-1');
    const refusal = await refused(['olpc-update', '--root', root, '-s', server.url, 'wrong-2']);
    assert.deepEqual([refusal.exitCode, refusal.code], [1, 'rsync-tree-wrong']);
    assert.match(refusal.message, /"etc\/issue"/);
    assert.equal(bootsNext(root), '/versions/pristine/ours-1');
    assert.deepEqual(readdirSync(`${root}/versions/pristine`), ['ours-1']);
  });

  test('a server cannot reach anything outside of the new tree', async () => {
    const root = device('device-hostile');
    await update(root, 'ours-1');
    const victim = scratch.file('victim');
    mkdirSync(`${victim}/inside`, { recursive: true });
    writeFileSync(`${victim}/file`, 'mine\n');
    const before = snapshotOf(victim);
    const try1 = (name: string) => refused(['olpc-update', '--root', root, '-s', server.url, name]);
    assert.equal((await try1('outside-2')).code, 'contents-invalid');
    const linked = await try1('linked-2');
    assert.equal(linked.code, 'rsync-tree-wrong', linked.stderr);
    assert.equal((await try1('secret-2')).code, 'rsync-contents-too-large');
    assert.deepEqual(snapshotOf(victim), before);
    assert.deepEqual(readdirSync(`${root}/versions/pristine`), ['ours-1']);
  });

  for (const kind of ['ours', 'old'])
    test(`a kept version that is damaged is made whole before it boots again, and that is said (${kind})`, async () => {
      const root = device(`device-kept-${kind}`);
      const [one, two] = [`${kind}-1`, `${kind}-2`];
      await update(root, one);
      await update(root, two);
      const tree = pristine(root, one);
      const damaged = ['etc/issue', 'etc/old-only', 'usr/share/many/8'];
      // What is damaged may be an inode of the version that boots too; that one must not change again.
      writeFileSync(`${tree}/etc/issue`, 'changed in place');
      rmSync(`${tree}/etc/old-only`);
      chmodSync(`${tree}/usr/share/many/8`, 0o600);
      const before = snapshotOf(pristine(root, two));
      const { stdout } = await satchel(['olpc-update', '--root', root, '-s', server.url, '-v', one]);
      for (const path of damaged) assert.ok(stdout.includes(`In ${one} damaged, and right again: ${path}\n`));
      assert.match(stdout, /^\* etc\/issue\n- etc\/new-only\n\+ etc\/old-only$/m);
      assert.equal(bootsNext(root), `/versions/pristine/${one}`);
      assertSameTree(tree, build(one, 'root'));
      assert.deepEqual(snapshotOf(pristine(root, two)), before);
      assert.deepEqual(readdirSync(`${root}/versions/updates/satchel/stage`), []);
      await done(['verify', '--root', root, '--full']);
    });

  test('a kept version that is damaged does not boot when the server has other files', async () => {
    const root = device('device-kept-changed');
    spawnSync('cp', ['-a', build('shifty-1', 'root'), scratch.file('shifty')]);
    await update(root, 'shifty-1');
    await update(root, 'ours-2');
    const issue = `${pristine(root, 'shifty-1')}/etc/issue`;
    const refusal = async () => {
      const words = ['olpc-update', '--root', root, '-s', server.url, 'shifty-1'];
      return refused(words);
    };
    rmSync(issue);
    writeFileSync(build('shifty-1', 'root/etc/issue'), 'RELEASE 1\n');
    assert.match((await refusal()).message, /differ: 1, the first is "etc\/issue"/);
    rmSync(build('shifty-1', 'root/etc/issue'));
    symlinkSync('/etc/passwd', build('shifty-1', 'root/etc/issue'));
    assert.equal((await refusal()).code, 'rsync-tree-wrong');
    assert.equal(bootsNext(root), '/versions/pristine/ours-2');
    // Without the record of what belongs there it is installed anew.
    writeFileSync(issue, 'damage');
    rmSync(build('shifty-1', 'root'), { recursive: true });
    renameSync(scratch.file('shifty'), build('shifty-1', 'root'));
    for (const name of readdirSync(`${root}/versions/updates/satchel/indexes`))
      rmSync(`${root}/versions/updates/satchel/indexes/${name}`);
    assert.equal((await update(root, 'shifty-1')).report.plan, 'rsync');
    assertSameTree(pristine(root, 'shifty-1'), build('shifty-1', 'root'));
  });

  test('a device without a repository has a way back from damage, and a budget', async () => {
    const root = device('device-alone');
    await update(root, 'ours-1');
    await update(root, 'ours-2');
    writeFileSync(`${pristine(root, 'ours-1')}/etc/issue`, 'changed in place');
    const damaged = await refused(['rollback', '--root', root]);
    assert.equal(damaged.code, 'rollback-target-damaged-rsync');
    assert.match(damaged.hint ?? '', /olpc-update -s SERVER ours-1/);
    const repair = await refused(['repair', '--root', root, 'ours-1']);
    assert.equal(repair.code, 'device-without-source');
    assert.match(repair.hint ?? '', /olpc-update/);
    await done(['device', 'set', '--root', root, '--monthly-bytes', '10kB']);
    const month = await refused(['olpc-update', '--root', root, '-s', server.url, 'large-2']);
    assert.equal(month.code, 'plan-over-month');
    const source = await refused(['device', 'set', '--root', root, '--source', 'http://nowhere']);
    assert.equal(source.code, 'device-without-source');
    await done(['device', 'set', '--root', root, '--monthly-bytes', 'none']);
    assert.equal((await update(root, 'ours-1')).report.plan, 'switch');
    await done(['rollback', '--root', root]);
  });

  test('a folder that is no device does not become one by a slip', async () => {
    const root = scratch.file('slip');
    const refusal = await refused(['olpc-update', '--root', root, '-s', server.url, 'ours-1']);
    assert.deepEqual([refusal.exitCode, refusal.code], [3, 'device-root-empty']);
    assert.match(refusal.hint ?? '', /mkdir -p .*\/slip\/versions/);
    assert.equal(existsSync(root), false);
    assert.equal((await update(root, '-f', 'ours-1')).report.build, 'ours-1');
  });

  test('-f installs the build that boots anew, and repairs it by that', async () => {
    const root = device('device-again');
    await update(root, 'ours-1');
    appendFileSync(`${pristine(root, 'ours-1')}/etc/issue`, 'damage');
    assert.equal((await update(root, 'ours-1')).report.plan, 'none');
    const { report } = await update(root, '-f', 'ours-1');
    assert.deepEqual([report.plan, report.damaged], ['rsync', ['etc/issue']]);
    assertSameTree(pristine(root, 'ours-1'), build('ours-1', 'root'));
    assert.equal(bootsNext(root), '/versions/pristine/ours-1');
    const { versions } = await done<{ versions: { damaged: unknown[] }[] }>([
      'verify',
      '--root',
      root,
      '--full',
    ]);
    assert.deepEqual(versions[0]?.damaged, []);
  });

  test('-u takes manifest and tree from their own addresses', async () => {
    const root = device('device-addresses');
    const module = `${server.url}/build-ours-1`;
    const words = ['olpc-update', '--root', root, '-u', `${module}/contents`, `${module}/root/`];
    assert.equal((await done(words)).build, 'ours-1');
    assertSameTree(pristine(root, 'ours-1'), build('ours-1', 'root'));
    const named = [
      'olpc-update',
      '--root',
      root,
      '-u',
      build('ours-2', 'contents'),
      build('ours-2', 'root'),
      'local-2',
    ];
    assert.equal((await done(named)).build, 'local-2');
    assertSameTree(pristine(root, 'local-2'), build('ours-2', 'root'));
  });

  test('--hints saves the next device the comparison, and a wrong hint harms nobody', async () => {
    const hints = scratch.file('hints');
    const compares = /both trees are read and compared/;
    const [one, other, third] = ['hints-1', 'hints-2', 'hints-3'].map(device) as [string, string, string];
    for (const root of [one, other, third]) await update(root, 'old-1');
    assert.match((await update(one, '--hints', hints, 'old-2')).stderr, compares);
    const { report, stderr } = await update(other, '--hints', hints, 'old-2');
    assert.doesNotMatch(stderr, compares);
    assert.equal(report.rounds, 1);
    assertSameTree(pristine(other, 'old-2'), build('old-2', 'root'));
    const wrong = readFileSync(hints, 'latin1').replace('etc/issue\0', '');
    writeFileSync(hints, wrong, 'latin1');
    assert.equal((await update(third, '--hints', hints, 'old-2')).report.rounds, 2);
    assertSameTree(pristine(third, 'old-2'), build('old-2', 'root'));
    const refusal = await refused([
      'olpc-update',
      '--root',
      third,
      '-s',
      server.url,
      '--hints',
      hints,
      'old-3',
    ]);
    assert.equal(refusal.code, 'hints-wrong');
  });

  test('-v tells which paths changed, and the machine is kept awake meanwhile', async () => {
    const root = device('device-verbose');
    const bin = scratch.file('bin-awake');
    mkdirSync(bin, { recursive: true });
    const script = `#!/bin/sh\necho "$*" >> ${bin}/said\nexec cat\n`;
    writeFileSync(`${bin}/systemd-inhibit`, script, { mode: 0o755 });
    const options = { environment: { PATH: `${bin}:${process.env.PATH}` } };
    const words = ['olpc-update', '--root', root, '-s', server.url, '-v'];
    await satchel([...words, 'ours-2'], options);
    const { stdout } = await satchel([...words, 'ours-3'], options);
    assert.match(stdout, /^\* etc\/issue$/m);
    const { stdout: back } = await satchel([...words, 'ours-1'], options);
    assert.match(back, /^- etc\/new-only\n\+ etc\/old-only$/m);
    for (const name of ['old-1', 'old-2']) {
      const { stdout: told, stderr } = await satchel([...words, name], options);
      assert.match(stderr, /no manifest that can be read/);
      assert.doesNotMatch(stderr, /against the manifest/);
      assert.doesNotMatch(told, /^. $/m);
      if (name === 'old-2') assert.match(told, /^\* \.\n[\s\S]*^\+ etc\/new-only\n- etc\/old-only$/m);
    }
    assert.match(
      readFileSync(`${bin}/said`, 'utf8'),
      /^--what=sleep --who=olpc-update --why=The operating system/,
    );
  });

  test('what is received counts for the month, and more than is left of its budget is refused', async () => {
    const root = device('device-month');
    const { report } = await update(root, 'ours-1');
    const { data } = await done<{ data: { bytes: number } }>(['status', '--root', root]);
    assert.equal(data.bytes, report.bytesReceived);
    const configuration = { format: 1, source: 'http://nowhere', monthlyBytes: data.bytes + 100_000 };
    writeFileSync(`${root}/versions/updates/satchel/config.json`, JSON.stringify(configuration));
    const refusal = await refused(['olpc-update', '--root', root, '-s', server.url, 'large-2']);
    assert.deepEqual([refusal.exitCode, refusal.code], [4, 'plan-over-month']);
    assert.equal(bootsNext(root), '/versions/pristine/ours-1');
  });

  test('-r restarts the machine when there is something new, and a sticky version stays', async () => {
    const root = device('device-reboot');
    await update(root, 'ours-1');
    writeFileSync(`${root}/versions/sticky/ours-1`, '');
    mkdirSync(scratch.file('bin'), { recursive: true });
    writeFileSync(scratch.file('bin/systemctl'), `#!/bin/sh\necho "$@" >> ${scratch.file('restarts')}\n`, {
      mode: 0o755,
    });
    const environment = { PATH: `${scratch.file('bin')}:${process.env.PATH}` };
    for (const name of ['ours-2', 'ours-3'])
      await done(['olpc-update', '-r', '--root', root, '-s', server.url, name], { environment });
    assert.equal(readFileSync(scratch.file('restarts'), 'utf8'), 'reboot\nreboot\n');
    assert.deepEqual(readdirSync(`${root}/versions/pristine`).sort(), ['ours-1', 'ours-2', 'ours-3']);
  });
});

describe('what a server of the old kind tells', () => {
  test('an update needs root, and a machine with versions', { skip: !isRoot && 'needs root' }, async () => {
    const root = device('device-nobody');
    chmodSync(root, 0o777);
    const words = ['olpc-update', '-s', server.url, 'ours-1'];
    const asNobody = await refused([...words, '--root', root], { wrapper: nobodyWrapper() });
    assert.equal(asNobody.code, 'rsync-update-needs-root');
    if (!existsSync('/versions')) assert.equal((await refused(words)).code, 'device-not-versioned');
  });

  test('-l lists its builds, with what their keeper says of them', async () => {
    const { stdout } = await satchel(['olpc-update', '-s', server.url.replace('rsync://', ''), '-l']);
    assert.match(stdout, /^ours-1 {2}the build ours-1$/m);
    assert.doesNotMatch(stdout, /drop/);
  });

  test('-c shows the changelog, or else the paths that change', {
    skip: !isRoot && 'needs root',
  }, async () => {
    const root = device('device-changelog');
    await update(root, 'ours-1');
    const show = (name: string) => satchel(['olpc-update', '--root', root, '-s', server.url, '-c', name]);
    assert.match((await show('ours-2')).stdout, /^\* etc\/issue\n\+ etc\/new-only\n- etc\/old-only$/m);
    writeFileSync(build('ours-3', 'changelog'), 'what is new\n');
    assert.equal((await show('ours-3')).stdout, 'what is new\n');
    const refusal = await refused(['olpc-update', '--root', root, '-s', server.url, '-c', 'old-2']);
    assert.deepEqual([refusal.exitCode, refusal.code], [3, 'rsync-changelog-unknown']);
  });

  const refusals = [
    ['a build that it does not have', ['nothing-1'], 3, 'rsync-module-unknown'],
    ['its own words', ['busy-1'], 1, 'rsync-refused'],
    ['a build without a manifest', ['bare-1'], 4, 'rsync-contents-missing'],
    ['no build named', [], 2, 'argument-needed'],
    ['two forms at once', ['-l', '-u'], 2, 'options-conflict'],
  ] as const;
  for (const [what, words, exitCode, code] of refusals)
    test(`is refused with a sentence: ${what}`, { skip: !isRoot && 'needs root' }, async () => {
      const root = device('device-refused');
      const refusal = await refused(['olpc-update', '--root', root, '-s', server.url, ...words]);
      assert.deepEqual([refusal.exitCode, refusal.code], [exitCode, code]);
      if (code === 'rsync-refused') assert.match(refusal.message, /being made, 40 %: try again in a minute/);
    });

  test('a server that is not there is a sentence that says so', {
    skip: !isRoot && 'needs root',
  }, async () => {
    const words = ['olpc-update', '--root', device('device-refused'), '-s', 'rsync://127.0.0.1:1', 'x'];
    assert.equal((await refused(words)).code, 'rsync-connection-failed');
    assert.equal((await refused(['olpc-update', '-s', 'no server', '-l'])).code, 'server-not-understood');
  });
});
