import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, type TestContext, test } from 'node:test';
import { must } from '../../test/doubles/command.ts';
import { type GatedTrees, gatedTrees } from '../../test/doubles/gated-trees.ts';
import { modulesAt, modulesWhen, rsync, startRsyncClient } from '../../test/doubles/rsync-client.ts';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { writeTinyBuilds } from '../../test/doubles/tiny-builds.ts';
import { when } from '../../test/doubles/when.ts';
import { isSatchelError } from '../base/errors.ts';
import { openDirectoryStore } from '../store/directory.ts';
import { daemonFiles } from './daemon-files.ts';
import { type RsyncLayout, rsyncLayout } from './layout.ts';
import { startRsyncService } from './service.ts';
import { defaultSettings, type RsyncSettings, writeRsyncSettings } from './settings.ts';

const scratch = scratchFolder('rsync-service');
const repository = scratch.file('repo');
let archives: ReturnType<typeof writeTinyBuilds>;
let number = 0;

before(async () => {
  archives = writeTinyBuilds(scratch.path);
  await must('init', '--repo', repository);
  await must('publish', '--repo', repository, '--name', 'b1', archives.b1);
  await must('publish', '--repo', repository, '--name', 'b2', archives.b2);
});
after(() => scratch.remove());

type Started = {
  readonly url: string;
  readonly layout: RsyncLayout;
  readonly trees: GatedTrees;
  /** Sentences of the log, without those of every connection. */
  readonly said: string[];
  readonly out: (name: string) => string;
  close(): Promise<void>;
};

/** A service over the two builds with trees that the test makes ready; everything ends with the test. */
async function start(
  context: TestContext,
  options: {
    readonly settings?: Partial<RsyncSettings>;
    readonly layout?: RsyncLayout;
    readonly language?: 'en' | 'es';
    readonly from?: string;
  } = {},
): Promise<Started> {
  const layout = options.layout ?? newLayout();
  if (options.settings) writeRsyncSettings(layout, { ...defaultSettings, ...options.settings });
  const trees = gatedTrees();
  const said: string[] = [];
  const store = openDirectoryStore(options.from ?? repository);
  const service = await startRsyncService({
    directory: layout.directory,
    repository: options.from ?? repository,
    store,
    listen: { host: '127.0.0.1', port: 0 },
    language: options.language ?? 'en',
    log: { debug() {}, info: (line) => said.push(line), warn: (line) => said.push(line) },
    trees: trees.open,
  });
  context.after(() => service.close());
  const folder = join(layout.directory, 'clients');
  mkdirSync(folder, { recursive: true });
  return { url: service.url, layout, trees, said, out: (name) => join(folder, name), close: service.close };
}

function newLayout(): RsyncLayout {
  number += 1;
  const layout = rsyncLayout(scratch.file(`dir ${number} 50% 'x'`));
  mkdirSync(layout.directory, { recursive: true });
  return layout;
}

const daemonPid = (layout: RsyncLayout) => {
  const file = daemonFiles(layout).pid;
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
};
const asksIn = ({ asks }: RsyncLayout) => readdirSync(asks).filter((name) => !name.startsWith('.'));
const usesIn = ({ uses }: RsyncLayout) => readdirSync(uses);
const etcName = (folder: string) => readFileSync(join(folder, 'root/etc/name'), 'utf8');

suite('what a client finds', () => {
  test('a module a build, one over all, and the drop directory', async (context) => {
    const { url, layout } = await start(context);
    assert.deepEqual(await modulesAt(url), ['build-b1', 'build-b2', 'builds', 'os']);
    writeFileSync(join(layout.packed, 'b9-tree.tar.bz2.md5'), 'x');
    assert.match((await rsync(`${url}/os/`)).stdout, / b9-tree\.tar\.bz2\.md5\n/);
    assert.match((await rsync(`${url}/`)).stdout, /build-b1 +\t1\.20 MB, published 20\d\d-\d\d-\d\d\n/);
  });

  test('the first client waits until the tree is there, and gets all of it', async (context) => {
    const { url, layout, trees, out } = await start(context);
    const client = startRsyncClient('-a', `${url}/build-b1/`, out('b1'));
    await when(() => asksIn(layout).length === 1, client.ended);
    assert.equal(usesIn(layout).length, 1, 'it is written down before the tree is there');
    trees.finish('b1');
    assert.deepEqual(await client.ended, { code: 0, stdout: '', stderr: '' });
    assert.equal(etcName(out('b1')), 'b1\n');
    await when(() => usesIn(layout).length === 0);
    assert.deepEqual(readdirSync(layout.asks), []);
  });

  test('thirty clients at once make the tree once', async (context) => {
    const { url, layout, trees, out } = await start(context);
    const clients = Array.from({ length: 30 }, (_, seat) =>
      rsync('-a', `${url}/build-b1/`, out(`seat-${seat}`)),
    );
    await when(() => asksIn(layout).length === 30, Promise.race(clients));
    trees.finish('b1');
    for (const [seat, { code, stderr }] of (await Promise.all(clients)).entries()) {
      assert.equal(code, 0, stderr);
      assert.equal(etcName(out(`seat-${seat}`)), 'b1\n');
    }
    assert.deepEqual(trees.begun, ['b1']);
  });

  test('a use is told by the time of the ready mark, and nobody is asked for a tree that is there', async (context) => {
    const { url, layout, trees, out } = await start(context);
    trees.finish('b1');
    await rsync('-a', `${url}/build-b1/`, out('b1'));
    utimesSync(layout.readyMark(readyName), 1000, 1000);
    const began = Date.now();
    assert.equal((await rsync('-a', `${url}/build-b1/root/etc/`, out('etc'))).code, 0);
    const { mtimeMs } = await import('node:fs').then(({ statSync }) => statSync(layout.readyMark(readyName)));
    assert.ok(mtimeMs > began - 5000);
    assert.deepEqual(trees.begun, ['b1']);
  });

  test('the module of all builds makes those that a request names, and all for its whole', async (context) => {
    const { url, trees, out } = await start(context);
    trees.finish('b1');
    trees.finish('b2');
    assert.match((await rsync(`${url}/builds/`)).stdout, / b1\n.* b2\n/s);
    assert.deepEqual(trees.begun, [], 'a plain list makes nothing');
    assert.equal((await rsync('-a', `${url}/builds/b2/root/etc/name`, `${out('one')}/`)).code, 0);
    assert.deepEqual(trees.begun, ['b2']);
    const { code, stderr } = await rsync('-a', `${url}/builds/`, out('all'));
    assert.equal(code, 0, stderr);
    assert.deepEqual(trees.begun, ['b2', 'b1']);
    assert.equal(etcName(out('all/b1')), 'b1\n');
    assert.equal(etcName(out('all/b2')), 'b2\n');
  });

  test('the signed lists for shell machines are a module when the repository has them', async (context) => {
    const { url } = await start(context);
    mkdirSync(join(repository, 'lite'));
    context.after(() => rmSync(join(repository, 'lite'), { recursive: true }));
    writeFileSync(join(repository, 'lite', 'stable'), 'b1\n');
    await modulesWhen(url, (modules) => modules.includes('lite'));
    assert.match((await rsync(`${url}/lite/`)).stdout, / stable\n/);
  });
});

const readyName = 'b1' as Parameters<RsyncLayout['readyMark']>[0];

suite('what a client is refused', () => {
  test('a build that does not exist', async (context) => {
    const { url, out } = await start(context, { language: 'es' });
    const module = await rsync('-a', `${url}/build-b3/`, out('b3'));
    assert.equal(module.code, 5);
    assert.match(module.stderr, /Unknown module 'build-b3'/);
    const { code, stderr } = await rsync('-a', `${url}/builds/b3/`, out('b3'));
    assert.notEqual(code, 0);
    assert.match(stderr, /^Aquí no hay ninguna versión b3\.$/m);
  });

  test('names that no build can have, and paths that lead elsewhere', async (context) => {
    const { url, layout, out, trees } = await start(context);
    trees.finish('b1');
    for (const name of ['b 1', '[b]', '$(touch x)', `${'b'.repeat(65)}`, '-b', "b'1"]) {
      const { code, stderr } = await rsync('-a', `${url}/builds/${name}/`, out('none'));
      assert.notEqual(code, 0, name);
      assert.match(stderr, /No build can have the name|failed: No such file/, name);
    }
    for (const path of [
      'build-b1/../../../',
      'build-b1/../../../run/',
      'builds/../../settings.json',
      'os/../motd',
    ]) {
      const { stdout } = await rsync('-r', `${url}/${path}`);
      assert.doesNotMatch(stdout, /rsyncd|service\.json|settings|motd/, path);
    }
    assert.deepEqual(asksIn(layout), []);
    assert.ok(!existsSync(out('none')));
  });

  test('another place through a symlink in the drop directory', async (context) => {
    const { url, layout, out } = await start(context);
    symlinkSync('../run', join(layout.packed, 'run'));
    symlinkSync('/etc/passwd', join(layout.packed, 'passwd'));
    for (const path of ['os/run/', 'os/run/service.json']) {
      const { code, stdout } = await rsync('-r', `${url}/${path}`);
      assert.notEqual(code, 0, path);
      assert.doesNotMatch(stdout, /service\.json/);
    }
    const { code, stderr } = await rsync('-aL', `${url}/os/`, out('os'));
    assert.notEqual(code, 0);
    assert.match(stderr, /configured to refuse --copy-links/);
    assert.ok(!existsSync(out('os/passwd')));
  });

  test('a client that waits too long is told how far its tree is, and the next one finds it', async (context) => {
    const { url, layout, trees, out } = await start(context, { settings: { wait: 1 } });
    const client = startRsyncClient('-a', `${url}/build-b1/`, out('b1'));
    await when(() => trees.begun.length === 1, client.ended);
    trees.progress('b1', 41, 100);
    const { code, stderr } = await client.ended;
    assert.notEqual(code, 0);
    assert.match(stderr, /^b1 is being made ready, 41 % are done\. Please try again in a minute\.$/m);
    await when(() => readFileSync(layout.motd, 'utf8') === 'b1 is being made ready: 41 %.\n');
    assert.match((await rsync(`${url}/`)).stdout, /^b1 is being made ready: 41 %\.$/m);
    trees.finish('b1');
    await when(() => existsSync(layout.readyMark(readyName)));
    assert.equal((await rsync('-a', `${url}/build-b1/`, out('b1'))).code, 0);
    await when(() => readFileSync(layout.motd, 'utf8') === '');
  });

  test('a tree that cannot be made', async (context) => {
    const { url, trees, out } = await start(context);
    trees.fail('b1', new Error('the disk is on fire'));
    const { code, stderr } = await rsync('-a', `${url}/build-b1/`, out('b1'));
    assert.notEqual(code, 0);
    assert.match(stderr, /^b1 could not be made ready\. The log of the server says why\.$/m);
    assert.doesNotMatch(stderr, /fire/);
  });

  test('names with wildcards are asked for again when the tree had to be made first', async (context) => {
    const { url, trees, out } = await start(context);
    trees.finish('b1');
    const first = await rsync('-a', `${url}/build-b1/root/*`, out('b1'));
    assert.match(first.stderr, /^What was asked for is ready now\. Please ask again\.$/m);
    assert.equal((await rsync('-a', `${url}/build-b1/root/*`, `${out('b1')}/`)).code, 0);
    assert.equal(readFileSync(join(out('b1'), 'etc/name'), 'utf8'), 'b1\n');
  });

  test('more connections from one address than the setting allows', async (context) => {
    const { url, layout, trees, out } = await start(context, { settings: { perSource: 2 } });
    const clients = ['1', '2'].map((name) => startRsyncClient('-a', `${url}/build-b1/`, out(name)));
    await when(() => asksIn(layout).length === 2, clients[0]?.ended);
    const third = await rsync('-a', `${url}/build-b2/`, out('3'));
    assert.match(third.stderr, /^Connections from one address at the same time: 2 at most\./m);
    trees.finish('b1');
    trees.finish('b2');
    for (const { ended } of clients) assert.equal((await ended).code, 0);
    await when(() => usesIn(layout).length === 0);
    assert.equal((await rsync('-a', `${url}/build-b2/`, out('3'))).code, 0);
  });
});

suite('what happens meanwhile', () => {
  test('a client that leaves while it waits keeps nobody from the tree', async (context) => {
    const { url, layout, trees, out } = await start(context);
    const client = startRsyncClient('-a', `${url}/build-b1/`, out('left'));
    await when(() => asksIn(layout).length === 1, client.ended);
    client.kill();
    await client.ended;
    const other = rsync('-a', `${url}/build-b1/`, out('stays'));
    await when(() => asksIn(layout).length === 2, other);
    trees.finish('b1');
    assert.equal((await other).code, 0);
    await when(() => usesIn(layout).length === 0 && asksIn(layout).length === 0);
  });

  test('an asker that was killed leaves nothing behind', async (context) => {
    const { layout, trees } = await start(context);
    const asker = runPreTransfer(layout, 'build-b1');
    await when(() => asksIn(layout).length === 1, asker.ended);
    asker.child.kill('SIGKILL');
    await asker.ended;
    trees.finish('b1');
    await when(() => asksIn(layout).length === 0);
  });

  test('a client that has left gives its place free before its tree is there', async (context) => {
    const { url, layout, trees, out } = await start(context);
    const client = startRsyncClient('-a', `${url}/build-b1/`, out('left'));
    await when(() => asksIn(layout).length === 1, client.ended);
    client.kill();
    await client.ended;
    await when(() => asksIn(layout).length === 0 && usesIn(layout).length === 0);
    assert.deepEqual(trees.begun, ['b1']);
    const stays = startRsyncClient('-a', `${url}/build-b1/`, out('stays'));
    await when(() => asksIn(layout).length === 1, stays.ended);
    trees.finish('b1');
    assert.equal((await stays.ended).code, 0);
  });

  test('one address may have a quarter of the connections waiting', async (context) => {
    const { url, layout, trees, out } = await start(context, { settings: { connections: 8 } });
    const clients = ['1', '2'].map((name) => startRsyncClient('-a', `${url}/build-b1/`, out(name)));
    await when(() => asksIn(layout).length === 2, clients[0]?.ended);
    const third = await rsync('-a', `${url}/build-b2/`, out('3'));
    assert.match(third.stderr, /^Waiting connections from one address: 2 at most\./m);
    trees.finish('b1');
    for (const { ended } of clients) assert.equal((await ended).code, 0);
  });

  test('entries of the wrong kind keep nobody from being served, and are gone', async (context) => {
    const layout = newLayout();
    const first = await start(context, { layout });
    await first.close();
    for (const folder of [layout.asks, layout.uses])
      for (const name of ['b1,123', 'b1,127.0.0.1,999999999', '.999999999'])
        mkdirSync(join(folder, name, 'x'), { recursive: true });
    const { url, said, trees, out } = await start(context, { layout });
    symlinkSync('/etc', join(layout.asks, 'b2,124'));
    trees.finish('b1');
    assert.equal((await rsync('-a', `${url}/build-b1/`, out('b1'))).code, 0);
    await when(() => readdirSync(layout.asks).length === 0);
    assert.match(said.join('\n'), /asks\/b1,123 was removed/);
    assert.ok(existsSync('/etc/passwd'));
  });

  test('clients that waited before the server started are answered', async (context) => {
    const layout = newLayout();
    const first = await start(context, { layout });
    await first.close();
    const asker = runPreTransfer(layout, 'build-b2');
    await when(() => asksIn(layout).length === 1, asker.ended);
    const { trees } = await start(context, { layout });
    trees.finish('b2');
    assert.deepEqual(await asker.ended, { code: 0, printed: '' });
  });

  test('clients that wait when the server is stopped are told so, and nothing of it runs on', async (context) => {
    const { url, layout, close, out } = await start(context);
    const asker = runPreTransfer(layout, 'build-b1');
    const client = startRsyncClient('-a', `${url}/build-b1/`, out('b1'));
    await when(() => asksIn(layout).length === 2, client.ended);
    const pid = daemonPid(layout);
    await close();
    assert.deepEqual(await asker.ended, {
      code: 1,
      printed: 'The server is being stopped. Please try again later.\n',
    });
    assert.notEqual((await client.ended).code, 0);
    assert.throws(() => process.kill(pid, 0));
    assert.ok(!existsSync(daemonFiles(layout).state));
  });

  test('a daemon that is killed is back at once, and transfers under way go on', async (context) => {
    const { url, layout, trees, said, out } = await start(context);
    const client = startRsyncClient('-a', `${url}/build-b1/`, out('b1'));
    await when(() => asksIn(layout).length === 1, client.ended);
    const pid = daemonPid(layout);
    const killed = Date.now();
    process.kill(pid, 'SIGKILL');
    await when(() => said.some((line) => line.startsWith('The rsync daemon serves again')));
    assert.ok(Date.now() - killed < 5000);
    assert.notEqual(daemonPid(layout), pid);
    assert.match(
      said.join('\n'),
      /The rsync daemon ended \(signal SIGKILL ended it\); it is started again in 0 s\./,
    );
    assert.deepEqual(await modulesAt(url), ['build-b1', 'build-b2', 'builds', 'os']);
    trees.finish('b1');
    assert.equal((await client.ended).code, 0);
  });

  test('settings are followed: at once for connections, by a new daemon for its limits', async (context) => {
    const { layout, said, url } = await start(context);
    const pid = daemonPid(layout);
    writeRsyncSettings(layout, { ...defaultSettings, nice: 11, memory: 500_000_000, connections: 3 });
    await when(() => ![0, pid].includes(daemonPid(layout)));
    assert.match(readFileSync(layout.configuration, 'utf8'), /^max connections = 3$/m);
    let limits = '';
    await when(() => {
      const now = daemonPid(layout);
      limits = now === 0 ? '' : readFileSync(`/proc/${now}/limits`, 'utf8');
      return /Max address space +500000768 /.test(limits);
    });
    await modulesWhen(url, (modules) => modules.length > 0);
    assert.deepEqual(said, []);
  });

  test('settings that cannot be read are said once, and the old ones stay', async (context) => {
    const { layout, said, url } = await start(context);
    writeFileSync(layout.settings, '{');
    await when(() => said.length > 0);
    assert.match(said[0] ?? '', /^What rsync clients are offered could not be brought up to date: /);
    assert.equal((await modulesAt(url)).length, 4);
    rmSync(layout.settings);
  });

  test('a configuration that rsync does not take does not replace the one before', async (context) => {
    const layout = newLayout();
    const included = join(layout.directory, 'more');
    writeFileSync(included, '[more\n');
    const { url, said, close } = await start(context, { layout });
    const before = readFileSync(layout.configuration, 'utf8');
    writeFileSync(layout.template, `&merge ${included}\n`);
    await when(() => said.length > 0);
    assert.match(said[0] ?? '', /rsync does not take the new configuration, so the old one stays: ./);
    assert.equal(readFileSync(layout.configuration, 'utf8'), before);
    assert.equal((await modulesAt(url)).length, 4);
    await close();
    const again = await start(context, { layout });
    assert.equal((await modulesAt(again.url)).length, 4);
    assert.match(again.said.join('\n'), /so the old one stays/);
    writeFileSync(layout.template, '[more]\npath = /\n');
    await modulesWhen(again.url, (modules) => modules.includes('more'));
  });

  test('without an old configuration a wrong one is an error', async (context) => {
    const layout = newLayout();
    writeFileSync(join(layout.directory, 'more'), '[more\n');
    writeFileSync(layout.template, `&merge ${layout.directory}/more\n`);
    await assert.rejects(start(context, { layout }), (error) =>
      isSatchelError(error, 'rsync-configuration-refused'),
    );
  });

  test('the message of the operator is shown while no tree is being made', async (context) => {
    const layout = newLayout();
    writeFileSync(join(layout.directory, 'hello'), 'hello\n');
    writeFileSync(layout.template, `motd file = ${layout.directory}/hello\n`);
    const { url, trees, out } = await start(context, { layout });
    assert.match((await rsync(`${url}/`)).stdout, /^hello\n/);
    const client = startRsyncClient('-a', `${url}/build-b1/`, out('b1'));
    await when(() => trees.begun.length === 1, client.ended);
    trees.progress('b1', 1, 2);
    await when(() => readFileSync(layout.configuration, 'utf8').includes(`motd file = ${layout.motd}\n`));
    assert.match((await rsync(`${url}/`)).stdout, /^b1 is being made ready: 50 %\.\n/);
    trees.finish('b1');
    assert.equal((await client.ended).code, 0);
    await when(() => !readFileSync(layout.configuration, 'utf8').includes(layout.motd));
    assert.match((await rsync(`${url}/`)).stdout, /^hello\n/);
  });

  test('the modules of the operator are merged in, and ours win', async (context) => {
    const layout = newLayout();
    mkdirSync(join(layout.directory, 'music'));
    writeFileSync(join(layout.directory, 'music', 'song'), '');
    writeFileSync(
      layout.template,
      `port = 1\nread only = no\n[music]\npath = ${layout.directory}/music\n[BUILD-b1]\npath = /etc\n`,
    );
    const { url, said } = await start(context, { layout });
    assert.deepEqual(await modulesAt(url), ['music', 'build-b1', 'build-b2', 'builds', 'os']);
    assert.match((await rsync(`${url}/music/`)).stdout, / song\n/);
    assert.match(said.join('\n'), /The module \[BUILD-b1\] of .* is not used/);
    assert.match(said.join('\n'), /The setting "port" of .* is not used/);
    const upload = await rsync(layout.template, `${url}/os/`);
    assert.notEqual(upload.code, 0);
    assert.match(upload.stderr, /module is read only/);
  });
});

suite('starting', () => {
  test('an address that is taken, or not of this machine, is said in a sentence', async (context) => {
    const { url } = await start(context);
    const at = (host: string, port: number) =>
      startRsyncService({
        directory: scratch.file('other'),
        repository,
        store: openDirectoryStore(repository),
        listen: { host, port },
        language: 'en',
        log: { debug() {}, info() {}, warn() {} },
        trees: gatedTrees().open,
      });
    await assert.rejects(at('127.0.0.1', Number(new URL(url).port)), (error) =>
      isSatchelError(error, 'rsync-address-in-use'),
    );
    await assert.rejects(at('192.0.2.1', 0), (error) => isSatchelError(error, 'rsync-address-unavailable'));
  });

  test('limits under which no daemon starts are said in a sentence', async (context) => {
    await assert.rejects(start(context, { settings: { memory: 1_000_000 } }), (error) =>
      isSatchelError(error, 'rsync-daemon-failed'),
    );
  });

  test('a directory that cannot stand in a configuration is refused', async (context) => {
    for (const name of ['line\nbreak', '50%HOME%'])
      await assert.rejects(start(context, { layout: rsyncLayout(scratch.file(name)) }), (error) =>
        isSatchelError(error, 'rsync-path-not-allowed'),
      );
  });

  test('builds whose names differ in case only do not mix', async (context) => {
    const from = scratch.file('case');
    await must('init', '--repo', from);
    await must('publish', '--repo', from, '--name', 'X1', archives.b1);
    await must('publish', '--repo', from, '--name', 'x1', archives.b2);
    const { url, said, trees, out } = await start(context, { from });
    assert.deepEqual(await modulesAt(url), ['build-X1', 'builds', 'os']);
    assert.match(said.join('\n'), /The build x1 has no rsync module of its own/);
    trees.finish('X1');
    trees.finish('x1');
    assert.equal((await rsync('-a', `${url}/build-X1/`, out('X1'))).code, 0);
    assert.equal((await rsync('-a', `${url}/builds/x1/`, out('x1'))).code, 0);
    assert.equal(etcName(out('X1')), 'X1\n');
    assert.equal(etcName(out('x1')), 'x1\n');
  });
});

/** The script that the daemon runs, as the daemon would. */
function runPreTransfer(layout: RsyncLayout, module: string) {
  const child = spawn('/bin/sh', [daemonFiles(layout).preTransfer], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: {
      ...process.env,
      RSYNC_MODULE_NAME: module,
      RSYNC_HOST_ADDR: '127.0.0.1',
      RSYNC_PID: String(process.pid),
      RSYNC_REQUEST: `${module}/`,
    },
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  const ended = new Promise<{ code: number | null; printed: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, printed }));
  });
  return { child, ended };
}
