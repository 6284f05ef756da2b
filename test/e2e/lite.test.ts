/**
 * The life of a machine that runs satchel-lite, under dash and under busybox, against a real rsync daemon: first
 * install, update, going back, repairs, and everything that a source or a disk can do to it.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { compareTrees } from '../../bench/check-tree.ts';
import { describeTree, type TreeDescription } from '../../bench/tree-description.ts';
import { deviceLayout } from '../../src/device/layout.ts';
import { openBootPointer } from '../../src/device/open-boot-pointer.ts';
import { type BadLine, type RsyncDaemon, startBadLine, startRsyncDaemon } from '../doubles/rsync-daemon.ts';
import { startRsyncServer } from '../doubles/rsync-server.ts';
import { snapshotOf } from '../doubles/same-tree.ts';
import { type LiteRan, type LiteShell, liteShells, startLite } from '../doubles/satchel-lite.ts';
import { done, pristine } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { isRoot, largeFile, writeStoryTree } from '../doubles/story-trees.ts';
import { when } from '../doubles/when.ts';

const scratch = scratchFolder('lite');
const repository = scratch.file('repository');
const served = scratch.file('served');
const publicKeys = `${repository}.keys/lite.public`;
const shells = liteShells(scratch.path);
const builds = [1, 2, 3].map((version) => `os-${version}`);
let daemon: RsyncDaemon;
let line: BadLine;
/** What `lite/` held after each publication. */
const liteAfter = (version: number) => scratch.file(`lite-after-${version}`);

/** Publishes a version and gives old clients its tree, as the daemon of a server would. */
async function publish(version: 1 | 2 | 3): Promise<void> {
  const [name, tree] = [`os-${version}`, scratch.file(`tree-${version}`)];
  writeStoryTree(tree, version);
  rmSync(join(tree, 'names/line\nfeed'));
  mkdirSync(join(tree, 'boot'));
  writeFileSync(join(tree, 'boot/vmlinuz'), `kernel ${version}\n`);
  await done(['publish', '--repo', repository, '--name', name, tree]);
  const { builds: listed } = await done<{ builds: readonly { name: string; contentsHash: string }[] }>([
    'list',
    '--repo',
    repository,
  ]);
  const contents = listed.find((build) => build.name === name)?.contentsHash ?? '';
  mkdirSync(join(served, name), { recursive: true });
  cpSync(join(repository, 'contents', contents), join(served, name, 'contents'));
  const copied = spawnSync('cp', ['-a', tree, join(served, name, 'root')]);
  assert.equal(copied.status, 0, String(copied.stderr));
  cpSync(join(repository, 'lite'), liteAfter(version), { recursive: true });
}

/** Offers what the source offered after a publication, to all machines. */
function offer(version: number): void {
  const place = join(served, 'lite');
  rmSync(place, { recursive: true, force: true });
  cpSync(liteAfter(version), place, { recursive: true });
}

before(async () => {
  if (!isRoot) return;
  await done(['init', '--repo', repository]);
  await done(['keys', 'create', 'lite', '--repo', repository]);
  for (const version of [1, 2, 3] as const) await publish(version);
  mkdirSync(join(served, 'lite'));
  const modules = builds.map((name) => [`build-${name}`, join(served, name)] as const);
  daemon = await startRsyncDaemon({ lite: join(served, 'lite'), ...Object.fromEntries(modules) });
  line = await startBadLine(daemon.port);
});

after(async () => {
  await line?.close();
  await daemon?.close();
  scratch.remove();
});

/** Parts of a second are not carried, and attributes only where they can be compared. */
function carried(tree: TreeDescription, withAttributes: boolean): TreeDescription {
  const seconds = (time: bigint) => time - (((time % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n);
  return new Map(
    [...tree].map(([path, entry]) => [
      path,
      {
        ...entry,
        xattrs: withAttributes ? entry.xattrs : '',
        mtime: entry.type === 'symlink' ? 0n : seconds(entry.mtime),
      },
    ]),
  );
}

const skip = isRoot ? false : 'only root can give files their owners';

for (const shell of shells) describe(`satchel-lite under ${shell.name}`, { skip }, () => story(shell));

function story(shell: LiteShell): void {
  // Debian's busybox has no getfattr.
  const carriesAttributes = shell.name === 'dash';
  const run = (root: string, ...words: string[]) => startLite(shell, [...words, '--root', root]).ended;

  async function must(root: string, ...words: string[]): Promise<LiteRan> {
    const ran = await run(root, ...words);
    assert.equal(ran.code, 0, `satchel-lite ${words.join(' ')}\n${ran.stderr}`);
    return ran;
  }

  /** A call that has to fail with a sentence, which it gives. */
  async function fails(code: number, root: string, ...words: string[]): Promise<string> {
    const ran = await run(root, ...words);
    assert.equal(ran.code, code, `satchel-lite ${words.join(' ')}\n${ran.stdout}${ran.stderr}`);
    assert.match(ran.stderr, /^satchel-lite: .+\.$/m);
    assert.doesNotMatch(ran.stderr, /not found|syntax error|: line \d+:/);
    return ran.stderr;
  }

  /** A machine of its own with these builds, the last of which it starts: a copy of one that was updated to it. */
  async function machine(name: string, ...versions: number[]): Promise<string> {
    const root = scratch.file(`${shell.name}-${name}`);
    const model = await modelMachine(versions);
    assert.equal(spawnSync('cp', ['-a', model, root]).status, 0);
    const last = versions.at(-1);
    if (last !== undefined) offer(last);
    return root;
  }

  async function modelMachine(versions: readonly number[]): Promise<string> {
    const model = scratch.file(`${shell.name}-model-${versions.join('-')}`);
    if (existsSync(model)) return model;
    const last = versions.at(-1);
    if (last === undefined) {
      mkdirSync(model);
      await must(model, 'init', '--source', `rsync://127.0.0.1:${daemon.port}`, '--key', publicKeys);
      return model;
    }
    const before = await modelMachine(versions.slice(0, -1));
    assert.equal(spawnSync('cp', ['-a', before, model]).status, 0);
    offer(last);
    await must(model, 'update');
    booted(model, last);
    return model;
  }

  /** A machine that starts version 1, of which nothing is left to begin with: all of version 2 has to travel. */
  async function machineWithoutBase(name: string): Promise<string> {
    const root = await machine(name, 1);
    const tree = pristine(root, 'os-1');
    rmSync(join(liteFolder(root), 'lists/os-1.sum'));
    rmSync(tree, { recursive: true });
    mkdirSync(tree);
    offer(2);
    return root;
  }

  const overLine = () => ['--source', `rsync://127.0.0.1:${line.port}`];

  /** Files of version 2 that the source must not have sent since it was asked last. */
  function assertNotSent(files: ReadonlySet<string>): void {
    const again = daemon.sent().filter(({ file }) => files.has(file.replace(/^build-os-2\/root\//, '')));
    assert.deepEqual(again, []);
  }

  const booted = (root: string, version: number) => {
    rmSync(join(root, 'versions/running'), { force: true });
    symlinkSync(`pristine/os-${version}`, join(root, 'versions/running'));
  };
  const pointer = (root: string) => {
    const config = join(root, 'versions', readlinkSync(join(root, 'versions/boot')));
    const read = (name: string) => {
      const path = join(config, name);
      return lstatSync(path, { throwIfNoEntry: false }) ? readlinkSync(path) : undefined;
    };
    return { current: read('current'), alternate: read('alt') };
  };
  const versionsOf = (root: string) => readdirSync(join(root, 'versions/pristine')).sort();
  const liteFolder = (root: string) => join(root, 'versions/updates/satchel/lite');

  function assertInstalled(root: string, version: number): void {
    const name = `os-${version}`;
    const [wanted, got] = [scratch.file(`tree-${version}`), pristine(root, name)];
    const describe = (tree: string) => carried(describeTree(tree), carriesAttributes);
    const differences = compareTrees(describe(wanted), describe(got), { withRoot: true });
    assert.deepEqual(differences, []);
    assert.deepEqual(
      readFileSync(join(root, 'versions/contents', name)),
      readFileSync(join(served, name, 'contents')),
    );
  }

  test('installs the build of its stream, then has nothing to do', async () => {
    const root = await machine('first');
    offer(1);
    const { stdout } = await must(root, 'check');
    assert.equal(
      stdout,
      'The stream stable offers os-1 (BYTES bytes as a whole); this machine starts nothing.\n'.replace(
        'BYTES',
        /\((\d+) bytes/.exec(stdout)?.[1] ?? '',
      ),
    );
    await must(root, 'update');
    assertInstalled(root, 1);
    assert.deepEqual(pointer(root), { current: '/versions/pristine/os-1', alternate: undefined });
    assert.match((await must(root, 'update')).stdout, /^os-1 is up to date with the stream stable\.$/m);
    assert.match((await must(root, 'check')).stdout, /^os-1 is up to date/);
    assert.match((await must(root, 'verify')).stdout, /^All \d+ entries of os-1 are as signed\.$/m);
    assert.match((await must(root, 'status')).stdout, /^next boot {3}os-1$/m);
  });

  test('updates by what changed, shares the rest, and leaves the old tree as it was', async () => {
    const root = await machine('update', 1);
    const before = snapshotOf(pristine(root, 'os-1'));
    offer(2);
    daemon.sent();
    await must(root, 'update');
    const sent = daemon.sent();
    const bytes = sent.reduce((sum, file) => sum + file.bytes, 0);
    const total = lstatSync(join(scratch.file('tree-2'), largeFile)).size;
    assert.ok(bytes < total / 2, `${bytes} bytes for a change in a file of ${total}`);
    assert.ok(!sent.some(({ file }) => file.endsWith('etc/same')), 'nothing is sent that is here');
    assertInstalled(root, 2);
    assert.deepEqual(snapshotOf(pristine(root, 'os-1')), before);
    const inode = (name: string) => lstatSync(join(pristine(root, name), 'etc/same')).ino;
    assert.equal(inode('os-1'), inode('os-2'));
    assert.deepEqual(pointer(root), {
      current: '/versions/pristine/os-2',
      alternate: '/versions/pristine/os-1',
    });
  });

  test('keeps two versions, the way back among them, and what is sticky', async () => {
    const root = await machine('purge', 1, 2, 3);
    assert.deepEqual(versionsOf(root), ['os-2', 'os-3']);
    assert.deepEqual(readdirSync(join(root, 'versions/contents')).sort(), ['os-2', 'os-3']);
    assert.equal(readdirSync(join(root, 'versions/configs')).length, 1);
    const sticky = await machine('sticky', 1);
    writeFileSync(join(sticky, 'versions/sticky/os-1'), '');
    for (const version of [2, 3]) {
      offer(version);
      await must(sticky, 'update');
      booted(sticky, version);
    }
    assert.deepEqual(versionsOf(sticky), ['os-1', 'os-2', 'os-3']);
  });

  test('goes back, and forward again without fetching', async () => {
    const root = await machine('rollback', 1, 2);
    await must(root, 'rollback');
    assert.deepEqual(pointer(root), {
      current: '/versions/pristine/os-1',
      alternate: '/versions/pristine/os-2',
    });
    booted(root, 1);
    daemon.sent();
    await must(root, 'update');
    assert.deepEqual(
      daemon.sent().filter(({ file }) => file.startsWith('build-os-2/root')),
      [],
    );
    assertInstalled(root, 2);
    assert.equal(pointer(root).current, '/versions/pristine/os-2');
    appendFileSync(join(pristine(root, 'os-1'), 'etc/hostname'), 'changed');
    assert.match(
      await fails(1, root, 'rollback'),
      /os-1 is damaged \(1 entries, the first is \.\/etc\/hostname\)/,
    );
    assert.equal(pointer(root).current, '/versions/pristine/os-2');
    assert.match(await fails(3, await machine('no-way-back', 1), 'rollback'), /no version to go back to/);
  });

  test('verify names what is not as signed', async () => {
    const root = await machine('verify', 1);
    const tree = pristine(root, 'os-1');
    appendFileSync(join(tree, 'etc/hostname'), 'x');
    chmodSync(join(tree, 'usr/bin/setuid'), 0o755);
    rmSync(join(tree, 'etc/issue'));
    writeFileSync(join(tree, 'etc/surplus'), '');
    const { code, stdout } = await run(root, 'verify');
    assert.equal(code, 1);
    const lines = stdout.trim().split('\n');
    // The folder got another time by it.
    assert.deepEqual(lines.sort(), [
      './etc/hostname: not as signed',
      './etc/issue: missing',
      './etc/surplus: not in the list',
      './etc: not as signed',
      './usr/bin/setuid: not as signed',
    ]);
  });

  test('a dirty base costs only what is dirty in it', async () => {
    const root = await machine('dirty', 1);
    const tree = pristine(root, 'os-1');
    appendFileSync(join(tree, 'etc/same'), 'written in place\n');
    chmodSync(join(tree, 'usr/bin/setgid'), 0o700);
    rmSync(join(tree, 'etc/empty'));
    offer(2);
    const { stderr } = await must(root, 'update');
    assert.match(stderr, /entries are not as signed; they are fetched again/);
    assertInstalled(root, 2);
    assert.match(readFileSync(join(tree, 'etc/same'), 'utf8'), /written in place/);
  });

  test('a version without a list is read as a whole, and used all the same', async () => {
    const root = await machine('unlisted', 1);
    rmSync(join(liteFolder(root), 'lists/os-1.sum'));
    offer(2);
    daemon.sent();
    const { stderr } = await must(root, 'update');
    assert.match(stderr, /There is no list of os-1/);
    assert.ok(!daemon.sent().some(({ file }) => file.endsWith('etc/same')));
    assertInstalled(root, 2);
  });

  test('a source that changes a file, a mode, an owner or a link is found out, and nothing is switched', async () => {
    const root = await machineWithoutBase('tampered');
    const place = join(served, 'os-2/root');
    const kept = scratch.file(`${shell.name}-kept`);
    const outside = scratch.file(`${shell.name}-outside`);
    const below = (path: string) => join(place, path);
    renameSync(place, kept);
    mkdirSync(outside);
    try {
      for (const [what, tamper] of [
        ['./etc/issue', () => appendFileSync(below('etc/issue'), 'evil')],
        ['./usr/bin/setuid', () => chmodSync(below('usr/bin/setuid'), 0o4777)],
        ['./etc/same', () => chownSync(below('etc/same'), 1, 1)],
        // The folder has another time by it, and comes first.
        ['./etc', () => rmSync(below('etc/new-only'))],
        [
          './etc',
          () => {
            rmSync(below('etc/hostname'));
            symlinkSync('/etc/hostname', below('etc/hostname'));
          },
        ],
        [
          './usr/share',
          () => {
            rmSync(below('usr/share/many'), { recursive: true });
            symlinkSync(outside, below('usr/share/many'));
          },
        ],
      ] as const) {
        spawnSync('cp', ['-a', kept, place]);
        tamper();
        const said = await fails(1, root, 'update');
        assert.ok(said.includes(`the first is ${what}`), said);
        assert.equal(pointer(root).current, '/versions/pristine/os-1');
        assert.deepEqual(versionsOf(root), ['os-1']);
        rmSync(place, { recursive: true });
        if (what !== './usr/share') rmSync(join(liteFolder(root), 'stage'), { recursive: true });
      }
    } finally {
      rmSync(place, { recursive: true, force: true });
      renameSync(kept, place);
    }
    assert.deepEqual(readdirSync(outside), []);
    // What was right of it was kept, and the rest comes from an honest source.
    daemon.sent();
    await must(root, 'update');
    assert.ok(!daemon.sent().some(({ file }) => file.endsWith(largeFile)));
    assertInstalled(root, 2);
  });

  test('a right that a source adds to a file never gets here', async () => {
    const root = await machineWithoutBase('capability');
    const place = join(served, 'os-2/root/etc/issue');
    assert.equal(spawnSync('setcap', ['cap_sys_admin+ep', place]).status, 0);
    try {
      if (carriesAttributes) {
        assert.match(await fails(1, root, 'update'), /delivers 1 entries .* the first is \.\/etc\/issue/);
      } else {
        const { stderr } = await must(root, 'update');
        assert.match(stderr, /files of os-2 have attributes .* not carried/);
        assert.doesNotMatch(
          spawnSync('getcap', ['-r', pristine(root, 'os-2')], { encoding: 'utf8' }).stdout,
          /cap/,
        );
      }
    } finally {
      spawnSync('setcap', ['-r', place]);
    }
    await must(root, 'update');
    assertInstalled(root, 2);
  });

  test('a changed list or stream is refused, whatever is changed in it', async () => {
    const root = await machine('forged', 1);
    offer(2);
    const stream = join(served, 'lite/stable');
    const right = readFileSync(stream, 'latin1');
    for (const [what, wrong] of [
      ['a name', right.replace('build os-2', 'build os-3')],
      ['a line more', `build os-9\n${right}`],
      ['a key', right.replace(/key01: .{540}/, (key) => key.replaceAll('a', 'b'))],
      ['no signature', right.replace(/sig01: .*\n/, '')],
      ['half', right.slice(0, right.length / 2)],
      ['nothing', ''],
      ['a signature', right.replace(/(sig01: sha256 \S+ ...)./, '$1x')],
    ] as const) {
      writeFileSync(stream, wrong, 'latin1');
      assert.match(await fails(1, root, 'update'), /is not signed by a key that this machine trusts/, what);
    }
    writeFileSync(stream, right, 'latin1');
    const list = join(served, 'lite/os-2.sum');
    writeFileSync(list, readFileSync(list, 'latin1').replace('\tf\t644\t', '\tf\t666\t'), 'latin1');
    assert.match(await fails(1, root, 'update'), /The list of build os-2 .* is not the one/);
    rmSync(list);
    assert.match(await fails(1, root, 'update'), /transfer .* failed/);
    assert.deepEqual(versionsOf(root), ['os-1']);
  });

  test('an older state of the stream is refused, however well it is signed', async () => {
    const root = await machine('replay', 1, 2);
    offer(1);
    assert.match(await fails(1, root, 'update'), /offers an older state of the stream stable/);
    assert.match(await fails(1, root, 'check'), /offers an older state/);
    assert.equal(pointer(root).current, '/versions/pristine/os-2');
  });

  test('a line that breaks off loses nothing that was complete', async () => {
    const root = await machineWithoutBase('broken');
    const stage = join(liteFolder(root), 'stage/os-2/root');
    const complete = new Set<string>();
    for (const bytes of [500_000, 2_600_000]) {
      line.setLimit(bytes, 'close');
      daemon.sent();
      const { code, stderr } = await run(root, 'update', ...overLine());
      assert.equal(code, 1, stderr);
      assert.match(stderr, /The transfer from .* failed: .+\. What was received is kept/);
      assertNotSent(complete);
      for (const name of readdirSync(stage, { recursive: true, encoding: 'latin1' }))
        if (lstatSync(Buffer.from(join(stage, name), 'latin1')).isFile() && !/\/\.[^/]*$/.test(name))
          complete.add(name);
      assert.ok(complete.has('etc/same'));
    }
    line.setLimit(Number.POSITIVE_INFINITY, 'close');
    await must(root, 'update', ...overLine());
    assertNotSent(complete);
    assertInstalled(root, 2);
  });

  test('killed in the middle it leaves the old state, and the next run goes on', async () => {
    const root = await machineWithoutBase('killed');
    const stage = join(liteFolder(root), 'stage/os-2/root');
    line.setLimit(1_500_000, 'hang');
    const { child, ended } = startLite(shell, ['update', '--root', root, ...overLine()]);
    await when(() => existsSync(join(stage, 'etc/same')), ended);
    process.kill(-child.pid!, 'SIGKILL');
    await ended;
    assert.equal(pointer(root).current, '/versions/pristine/os-1');
    assert.deepEqual(versionsOf(root), ['os-1']);
    line.setLimit(Number.POSITIVE_INFINITY, 'close');
    daemon.sent();
    await must(root, 'update', ...overLine());
    assertNotSent(new Set(['etc/same']));
    assertInstalled(root, 2);
    assert.deepEqual(readdirSync(join(liteFolder(root), 'stage')), []);
  });

  test('only the shell killed: its transfer ends by itself, and the next run waits or says so', async () => {
    const root = await machineWithoutBase('orphan');
    line.setLimit(1_500_000, 'hang');
    const { child, ended } = startLite(shell, ['update', '--root', root, ...overLine()]);
    const transfer = join(liteFolder(root), 'transfer');
    await when(() => existsSync(join(liteFolder(root), 'stage/os-2/root/etc/same')), ended);
    const rsync = Number(readFileSync(transfer, 'utf8'));
    child.kill('SIGKILL');
    line.setLimit(Number.POSITIVE_INFINITY, 'close');
    assert.match(await fails(1, root, 'update'), /Another update of .* is running/);
    process.kill(rsync, 'SIGTERM');
    await ended;
    await must(root, 'update');
    assertInstalled(root, 2);
  });

  test('asked to stop it stops at once with its transfer, and keeps what it has', async () => {
    const root = await machineWithoutBase('stopped');
    line.setLimit(1_500_000, 'hang');
    const { child, ended } = startLite(shell, ['update', '--root', root, ...overLine()]);
    await when(() => existsSync(join(liteFolder(root), 'stage/os-2/root/etc/same')), ended);
    child.kill('SIGTERM');
    assert.equal((await ended).code, 143);
    line.setLimit(Number.POSITIVE_INFINITY, 'close');
    daemon.sent();
    await must(root, 'update');
    assertNotSent(new Set(['etc/same']));
    assertInstalled(root, 2);
  });

  test('a power cut between the last steps heals', async () => {
    const root = await machine('last-steps', 1);
    offer(2);
    await must(root, 'update');
    // The tree has its name, and its list has not; the pointer still leads to the old one.
    rmSync(join(liteFolder(root), 'lists/os-2.sum'));
    rmSync(join(root, 'versions/boot'));
    mkdirSync(join(root, 'versions/configs/cfg.old'));
    symlinkSync('/versions/pristine/os-1', join(root, 'versions/configs/cfg.old/current'));
    symlinkSync('configs/cfg.old', join(root, 'versions/boot'));
    appendFileSync(join(pristine(root, 'os-2'), 'etc/issue'), 'torn');
    await must(root, 'update');
    assertInstalled(root, 2);
    assert.deepEqual(pointer(root), {
      current: '/versions/pristine/os-2',
      alternate: '/versions/pristine/os-1',
    });
  });

  test('two at once exclude each other', async () => {
    const root = await machineWithoutBase('twice');
    line.setLimit(1_500_000, 'hang');
    const { child, ended } = startLite(shell, ['update', '--root', root, ...overLine()]);
    await when(() => existsSync(join(liteFolder(root), 'stage/os-2')), ended);
    assert.match(await fails(1, root, 'update'), /Another update of .* is running/);
    child.kill('SIGTERM');
    await ended;
    line.setLimit(Number.POSITIVE_INFINITY, 'close');
  });

  test('a dead clock and an expired stream are said and stop nothing', async () => {
    const root = await machine('clock', 1);
    offer(2);
    const bin = scratch.file(`${shell.name}-dates`);
    mkdirSync(bin);
    for (const [year, said] of [
      ['1970', /The clock of this machine \(1970-01-01T00:00:00Z\) is behind/],
      ['2099', /was good until/],
    ] as const) {
      const script = `#!/bin/sh\ncase "$*" in *Y*) echo ${year}-01-01T00:00:00Z ;; *) echo 1 ;; esac\n`;
      writeFileSync(join(bin, 'date'), script, { mode: 0o755 });
      const environment = { PATH: `${bin}:${shell.path}` };
      const { code, stderr } = await startLite(shell, ['check', '--root', root], environment).ended;
      assert.equal(code, 0, stderr);
      assert.match(stderr, said);
    }
    await must(root, 'update');
  });

  test('without room it is refused with code 4, and may give up the version before first', async () => {
    const root = await machine('room', 1, 2);
    offer(3);
    const bin = scratch.file(`${shell.name}-full-disk`);
    mkdirSync(bin);
    writeFileSync(join(bin, 'df'), '#!/bin/sh\necho head\necho disk 1000 999 1 100% /\n', { mode: 0o755 });
    const full = { PATH: `${bin}:${shell.path}` };
    const { code, stderr } = await startLite(shell, ['update', '--root', root], full).ended;
    assert.equal(code, 4, stderr);
    assert.match(stderr, /The update needs \d+ KiB and .* has 1 KiB free/);
    assert.deepEqual(versionsOf(root), ['os-1', 'os-2']);
    const reclaiming = await startLite(shell, ['update', '--reclaim', '--root', root], full).ended;
    assert.equal(reclaiming.code, 4, reclaiming.stderr);
    assert.deepEqual(versionsOf(root), ['os-2']);
    assert.deepEqual(pointer(root), { current: '/versions/pristine/os-2', alternate: undefined });
    await must(root, 'update');
    assertInstalled(root, 3);
  });

  test('a machine with a boot partition gets a copy of the boot files and its links switched', async () => {
    const root = scratch.file(`${shell.name}-partitioned`);
    const boot = join(root, 'bootpart');
    mkdirSync(join(boot, 'boot-versions'), { recursive: true });
    await must(root, 'init', '--source', `rsync://127.0.0.1:${daemon.port}`, '--key', publicKeys);
    for (const version of [1, 2, 3]) {
      offer(version);
      await must(root, 'update');
      assert.equal(readlinkSync(join(boot, 'boot')), `boot-versions/os-${version}`);
      assert.equal(readFileSync(join(boot, 'boot/vmlinuz'), 'utf8'), `kernel ${version}\n`);
      booted(root, version);
    }
    assert.equal(readlinkSync(join(boot, 'boot-versions/os-3/alt')), '../os-2');
    assert.equal(readFileSync(join(boot, 'boot-alt/vmlinuz'), 'utf8'), 'kernel 2\n');
    assert.deepEqual(readdirSync(join(boot, 'boot-versions')).sort(), ['os-2', 'os-3']);
    assert.deepEqual(versionsOf(root), ['os-2', 'os-3']);
    // Satchel itself understands the same links.
    const links = openBootPointer(deviceLayout(root));
    assert.deepEqual(
      [links.kind, links.read()],
      ['olpc-partitioned', { current: 'os-3', alternate: 'os-2' }],
    );
    await must(root, 'rollback');
    assert.equal(readlinkSync(join(boot, 'boot')), 'boot-versions/os-2');
    assert.equal(readlinkSync(join(boot, 'boot-versions/os-2/alt')), '../os-3');
    assert.ok(!existsSync(join(root, 'versions/boot')));
  });

  test('a boot pointer that leads elsewhere is left alone', async () => {
    const root = await machine('pointer', 1);
    offer(2);
    rmSync(join(root, 'versions/boot'));
    symlinkSync('/etc', join(root, 'versions/boot'));
    assert.match(await fails(1, root, 'update'), /boot pointer .* leads to "\/etc"/);
    assert.equal(readlinkSync(join(root, 'versions/boot')), '/etc');
  });

  test('a machine that starts by entries of a loader is left alone', async () => {
    const root = await machine('entries', 1);
    offer(2);
    mkdirSync(join(root, 'versions/updates/satchel'), { recursive: true });
    writeFileSync(join(root, 'versions/updates/satchel/boot.conf'), 'adapter=bls\n');
    assert.match(await fails(1, root, 'update'), /starts by entries of a loader/);
    assert.match(await fails(1, root, 'rollback'), /starts by entries of a loader/);
    assert.deepEqual(versionsOf(root), ['os-1']);
  });

  test('a directory that is laid out like the modules is a source too', async () => {
    const stick = scratch.file(`${shell.name}-stick`);
    mkdirSync(stick);
    cpSync(liteAfter(1), join(stick, 'lite'), { recursive: true });
    symlinkSync(join(served, 'os-1'), join(stick, 'build-os-1'));
    const root = scratch.file(`${shell.name}-from-stick`);
    mkdirSync(root);
    await must(root, 'init', '--source', stick, '--key', publicKeys);
    await must(root, 'update');
    assertInstalled(root, 1);
  });

  test('a source that refuses to compress is a source too', async () => {
    const folder = scratch.file(`${shell.name}-plain-daemon`);
    mkdirSync(folder);
    const modules = { lite: join(served, 'lite'), 'build-os-1': join(served, 'os-1') };
    const text = Object.entries(modules).map(([name, path]) => `[${name}]\npath = ${path}\n`);
    const plain = await startRsyncServer(folder, `refuse options = compress\n${text.join('')}`);
    try {
      const root = await machine('plain');
      offer(1);
      await must(root, 'update', '--source', plain.url);
      assertInstalled(root, 1);
    } finally {
      await plain.stop();
    }
  });

  test('a new key is learnt from the old one, and replaces it when the old one is gone', async () => {
    const root = await machine('keys', 1);
    const copy = scratch.file(`${shell.name}-repository`);
    const place = join(served, 'lite');
    cpSync(repository, copy, { recursive: true });
    cpSync(`${repository}.keys`, `${copy}.keys`, { recursive: true });
    const secret = join(`${copy}.keys`, 'online/lite');
    const [old] = readdirSync(secret);
    const offerCopy = () => {
      rmSync(place, { recursive: true, force: true });
      cpSync(join(copy, 'lite'), place, { recursive: true });
    };
    const trusted = () => readdirSync(join(liteFolder(root), 'keys')).length;
    await done(['keys', 'create', 'lite', '--repo', copy]);
    offerCopy();
    await must(root, 'check');
    assert.equal(trusted(), 2);
    rmSync(join(secret, old!));
    await done(['lite', 'refresh', '--repo', copy]);
    offerCopy();
    await must(root, 'update');
    assert.equal(trusted(), 1);
    assertInstalled(root, 3);
    const late = await machine('late-keys');
    assert.match(await fails(1, late, 'check'), /is not signed by a key/);
  });

  test('what is missing is said: settings, key, stream, root', async () => {
    const root = scratch.file(`${shell.name}-missing`);
    mkdirSync(root);
    assert.match(await fails(1, root, 'update'), /has no settings for satchel-lite/);
    const source = `rsync://127.0.0.1:${daemon.port}`;
    assert.match(await fails(1, root, 'init', '--source', source, '--key', '/dev/null'), /no public key/);
    assert.match(await fails(2, root, 'init', '--source', 'http://x', '--key', publicKeys), /no source/);
    await must(root, 'init', '--source', source, '--key', publicKeys);
    offer(1);
    assert.match(await fails(3, root, 'update', '--stream', 'nightly'), /has no stream "nightly"/);
    assert.match(await fails(3, root, 'verify', 'os-9'), /no version os-9/);
    assert.match(await fails(2, root, 'update', 'os-1'), /"os-1" is not understood/);
    assert.match(await fails(2, root, 'updat'), /"updat" is not understood/);
    const spanish = await startLite(shell, ['verify', 'os-9', '--root', root], { SATCHEL_LANG: 'es' }).ended;
    assert.match(spanish.stderr, /^satchel-lite: No hay una versión os-9 aquí\.$/m);
  });
}

test('satchel-lite keeps the rules of shellcheck for a plain POSIX shell', () => {
  const program = new URL('../../initramfs/satchel-lite', import.meta.url).pathname;
  const { status, stdout } = spawnSync('shellcheck', ['-s', 'sh', program], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});

test('satchel-lite says every sentence in both languages, with the same places for values', () => {
  const text = readFileSync(new URL('../../initramfs/satchel-lite', import.meta.url), 'utf8');
  const sentences = [...text.matchAll(/^ {4}([a-z-]+)\)\s+en='([^']*)'\s+es='([^']*)' ;;$/gm)];
  assert.ok(sentences.length > 50);
  const places = (sentence: string) => sentence.split('%s').length;
  for (const [, code, en, es] of sentences) assert.equal(places(en!), places(es!), code);
  const said = new Set(
    [...text.matchAll(/\b(?:tell|note|report|fail \d) ([a-z]+(?:-[a-z]+)*)\b/g)].map((match) => match[1]),
  );
  const known = new Set(sentences.map(([, code]) => code));
  assert.deepEqual(
    [...said].filter((code) => !known.has(code) && code !== 'help'),
    [],
  );
});
