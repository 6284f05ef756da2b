/** `satchel serve --rsync`: stock rsync clients over TCP, from the first request to the end of the server. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { compareTrees } from '../../bench/check-tree.ts';
import { dropSet } from '../doubles/dropped-sets.ts';
import { nobodyWrapper } from '../doubles/nobody.ts';
import { nobody } from '../doubles/readable-checkout.ts';
import { modulesAt, modulesWhen, rsync, startRsyncClient } from '../doubles/rsync-client.ts';
import { startRsyncServer } from '../doubles/rsync-server.ts';
import { assertSameTree, describeTree, snapshotOf } from '../doubles/same-tree.ts';
import {
  done,
  type ProgramOptions,
  type RunningServer,
  refused,
  satchel,
  serve,
} from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { isRoot, writeStoryTree } from '../doubles/story-trees.ts';
import { writeTinyBuilds } from '../doubles/tiny-builds.ts';
import { when } from '../doubles/when.ts';

const scratch = scratchFolder('rsync-service-story');
const repository = scratch.file('repository');
const trees = [1, 2].map((version) => scratch.file(`tree-${version}`)) as [string, string];
/** As an old client asks. */
const everything = ['-aHAX', '--numeric-ids'];

before(async () => {
  await done(['init', '--repo', repository]);
  for (const [number, tree] of trees.entries()) {
    writeStoryTree(tree, number === 0 ? 1 : 2);
    await done(['publish', '--repo', repository, '--name', `os-${number + 1}`, tree]);
  }
});
after(() => scratch.remove());

type Service = Omit<RunningServer, 'rsync'> & {
  /** Address for rsync clients; empty where they are not served. */
  readonly url: string;
  /** Address over HTTP. */
  readonly web: string;
  readonly directory: string;
};

/** Starts the server on free ports; it ends with the test. */
async function serveRsync(
  context: TestContext,
  directory: string,
  options: ProgramOptions & { readonly from?: string; readonly port?: number } = {},
): Promise<Service> {
  const { from = repository, port = 0, ...rest } = options;
  const words = ['--rsync', `127.0.0.1:${port}`, '--rsync-dir', directory];
  const server = await serve(from, { ...rest, words });
  context.after(() => server.kill());
  return { ...server, web: server.url, url: server.rsync ?? '', directory };
}

const daemonOf = ({ directory }: Service) => Number(readFileSync(join(directory, 'run/rsyncd.pid'), 'utf8'));
const usesOf = ({ directory }: Service) => readdirSync(join(directory, 'uses'));

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('stock rsync clients', () => {
  test('the whole build arrives exactly, with the manifest beside it', { skip: !isRoot }, async (context) => {
    const service = await serveRsync(context, scratch.file('whole'));
    assert.deepEqual(await modulesAt(service.url), ['build-os-1', 'build-os-2', 'builds', 'os']);
    const { code, stderr } = await rsync(
      ...everything,
      `${service.url}/build-os-1/`,
      scratch.file('client-1'),
    );
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    assertSameTree(scratch.file('client-1/root'), trees[0]);
    const [manifest] = readdirSync(join(repository, 'contents')).filter((name) =>
      readFileSync(join(repository, 'contents', name)).equals(
        readFileSync(scratch.file('client-1/contents')),
      ),
    );
    assert.ok(manifest, 'the manifest is one of the repository, byte for byte');
  });

  test('an update against the old tree sends what changed and leaves the old tree alone', {
    skip: !isRoot,
  }, async (context) => {
    const service = await serveRsync(context, scratch.file('update'));
    await rsync(...everything, `${service.url}/build-os-1/`, scratch.file('old'));
    const before = snapshotOf(scratch.file('old/root'));
    // The story has files that differ in content or nanoseconds only.
    const link = ['--checksum', '--modify-window=-1', `--link-dest=${scratch.file('old/root')}`];
    const update = await rsync(
      ...everything,
      ...link,
      '--stats',
      `${service.url}/build-os-2/root/`,
      scratch.file('new'),
    );
    assert.equal(update.code, 0, update.stderr);
    // What rsync cannot know: names that were one file before and are two equal files now.
    const differences = compareTrees(describeTree(trees[1]), describeTree(scratch.file('new')), {
      withRoot: true,
    });
    assert.deepEqual(differences, [{ path: 'groups/splits-c', what: 'group' }]);
    assert.deepEqual(snapshotOf(scratch.file('old/root')), before);
    const count = (label: string) =>
      Number(new RegExp(`${label}: ([\\d,]+)`).exec(update.stdout)?.[1]?.replaceAll(',', ''));
    assert.ok(count('Total bytes received') < count('Total file size') / 2, update.stdout);
  });

  test('a classroom of thirty gets the build on first use, and its tree is made once', async (context) => {
    const service = await serveRsync(context, scratch.file('classroom'));
    const seats = Array.from({ length: 30 }, (_, seat) => scratch.file(`seat-${seat}`));
    const ends = await Promise.all(
      seats.map((seat) => rsync('-rlt', `${service.url}/build-os-1/root/usr/`, seat)),
    );
    for (const { code, stderr } of ends) assert.equal(code, 0, stderr);
    for (const seat of seats)
      assert.deepEqual(readdirSync(seat).sort(), readdirSync(join(trees[0], 'usr')).sort());
    assert.equal(service.log().match(/The tree of os-1 is ready/g)?.length, 1);
    await when(() => usesOf(service).length === 0);
  });

  test('a client that leaves in the middle of its transfer leaves nothing behind', async (context) => {
    const service = await serveRsync(context, scratch.file('leaver'));
    const words = [
      '-r',
      '--bwlimit=500',
      `${service.url}/build-os-1/root/usr/`,
      scratch.file('leaver-client'),
    ];
    const client = startRsyncClient(...words);
    await when(() => existsSync(scratch.file('leaver-client')), client.ended);
    await when(() => usesOf(service).length === 1, client.ended);
    client.kill();
    await client.ended;
    await when(() => usesOf(service).length === 0);
    const other = await rsync('-r', `${service.url}/build-os-1/contents`, scratch.file('contents-1'));
    assert.equal(other.code, 0, other.stderr);
  });

  test('what is published and removed meanwhile comes and goes', async (context) => {
    const service = await serveRsync(context, scratch.file('changes'));
    await done(['publish', '--repo', repository, '--name', 'os-3', trees[0]]);
    await modulesWhen(service.url, (modules) => modules.includes('build-os-3'));
    assert.equal((await rsync('-r', `${service.url}/build-os-3/root/usr/`, scratch.file('os-3'))).code, 0);
    await done(['publish', '--repo', repository, '--name', 'os-4', trees[1]]);
    await done(['remove', '--repo', repository, 'os-3']);
    await modulesWhen(service.url, (modules) => !modules.includes('build-os-3'));
    await when(() => !existsSync(join(service.directory, 'pub/builds/os-3')));
    const { code, stderr } = await rsync('-r', `${service.url}/build-os-3/root/usr/`, scratch.file('os-3'));
    assert.equal(code, 5);
    assert.match(stderr, /Unknown module 'build-os-3'/);
  });
});

describe('builds that arrive while the server runs', () => {
  const archive = scratch.file('b1.tar.xz');
  before(() => {
    const { b1 } = writeTinyBuilds(scratch.path);
    assert.equal(spawnSync('xz', ['-k', b1]).status, 0);
  });

  test('a set of four files in the drop directory becomes a module', async (context) => {
    const service = await serveRsync(context, scratch.file('dropping'));
    dropSet(join(service.directory, 'packed'), { prefix: 'dropped-1', archive });
    await modulesWhen(service.url, (modules) => modules.includes('build-dropped-1'));
    const { code, stderr } = await rsync(
      '-r',
      `${service.url}/build-dropped-1/root/etc/name`,
      scratch.file('d1'),
    );
    assert.equal(code, 0, stderr);
    const os = await rsync(`${service.url}/os/`);
    assert.match(os.stdout, / dropped-1-tree\.tar\.xz\n/);
  });

  test('a build that another server has is fetched when it is asked for', async (context) => {
    const mothership = scratch.file('mothership');
    const packed = join(mothership, 'packed');
    for (const prefix of ['far-1', 'far-2', 'far-3']) dropSet(packed, { prefix, archive });
    const upstream = await startRsyncServer(mothership, `[os]\npath = ${packed}\nlist = yes\n`);
    context.after(() => upstream.stop());
    const directory = scratch.file('fetching');
    const template = `${upstream.url}/os/{name}`;
    await done(['rsync', 'set', '--repo', repository, '--rsync-dir', directory, '--upstream', template]);
    const service = await serveRsync(context, directory);
    const named = await rsync('-r', `${service.url}/builds/far-1/root/etc/name`, scratch.file('f1'));
    assert.equal(named.code, 0, named.stderr);
    await modulesWhen(service.url, (modules) => modules.includes('build-far-2'));
    const listed = await rsync('-r', `${service.url}/build-far-2/root/etc/name`, scratch.file('f2'));
    assert.equal(listed.code, 0, listed.stderr);
    assert.deepEqual(readFileSync(scratch.file('f2')), readFileSync(scratch.file('f1')));
    const absent = await rsync('-r', `${service.url}/builds/far-9/`, scratch.file('f9'));
    assert.match(absent.stderr, /^There is no build far-9 here\.$/m);
  });

  test('a server that lists nothing is asked after a client has asked for a module in vain', async (context) => {
    const folder = scratch.file('plain web');
    dropSet(folder, { prefix: 'web-1', archive });
    const web = createServer((request, response) => {
      const path = join(folder, basename(request.url ?? ''));
      const isFile = existsSync(path) && !request.url?.endsWith('/');
      const body = isFile ? readFileSync(path) : Buffer.alloc(0);
      response.writeHead(isFile ? 200 : 404, { 'Content-Length': body.length }).end(body);
    });
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
    context.after(() => web.close());
    const directory = scratch.file('web');
    const template = `http://127.0.0.1:${(web.address() as AddressInfo).port}/{name}/`;
    await done(['rsync', 'set', '--repo', repository, '--rsync-dir', directory, '--upstream', template]);
    const service = await serveRsync(context, directory);
    const ask = () => rsync('-r', `${service.url}/build-web-1/root/etc/name`, scratch.file('w1'));
    const first = await ask();
    assert.match(first.stderr, /Unknown module 'build-web-1'/);
    await modulesWhen(service.url, (modules) => modules.includes('build-web-1'));
    const second = await ask();
    assert.equal(second.code, 0, second.stderr);
  });
});

describe('the server and its daemon', () => {
  test('a killed daemon is back at once, and a killed server takes its daemon along', async (context) => {
    const service = await serveRsync(context, scratch.file('kills'));
    assert.equal((await rsync('-r', `${service.url}/build-os-1/contents`, scratch.file('c1'))).code, 0);
    const first = daemonOf(service);
    const killed = Date.now();
    process.kill(first, 'SIGKILL');
    await modulesWhen(service.url, (modules) => modules.length > 0);
    // Usually a few tenths of a second; other tests may keep the machine busy.
    assert.ok(Date.now() - killed < 5000, `${Date.now() - killed} ms`);
    const second = daemonOf(service);
    await service.kill();
    // The kernel ends the daemon; until it has, its port is taken.
    await when(() => !isAlive(second));
    const { port } = new URL(service.url.replace('rsync:', 'http:'));
    const again = await serveRsync(context, service.directory, { port: Number(port) });
    assert.equal(again.url, service.url);
    assert.equal((await rsync('-r', `${again.url}/build-os-1/contents`, scratch.file('c2'))).code, 0);
    assert.doesNotMatch(again.log(), /The tree of os-1 is ready/, 'the tree is still there');
    const third = daemonOf(again);
    const { code, stderr } = await again.stop();
    assert.equal(code, 0, stderr);
    assert.ok(!isAlive(third));
  });

  test('a server that is stopped ends its transfers at once', async (context) => {
    const service = await serveRsync(context, scratch.file('stopped'));
    const words = [
      '-r',
      '--bwlimit=100',
      `${service.url}/build-os-1/root/usr/`,
      scratch.file('stopped-client'),
    ];
    const client = startRsyncClient(...words);
    await when(() => existsSync(scratch.file('stopped-client')), client.ended);
    const { code, stderr } = await service.stop();
    assert.equal(code, 0, stderr);
    assert.notEqual((await client.ended).code, 0);
    assert.deepEqual(usesOf(service), []);
  });

  test('a repository that was moved to another place is served there with its trees', async (context) => {
    const [from, to] = [scratch.file('here'), scratch.file('there')];
    mkdirSync(from);
    assert.equal(spawnSync('cp', ['-a', repository, join(from, 'repo')]).status, 0);
    const place = (folder: string) => ({ from: join(folder, 'repo') });
    const service = await serveRsync(context, join(from, 'repo.rsync'), place(from));
    assert.equal((await rsync('-r', `${service.url}/build-os-2/contents`, scratch.file('moved-1'))).code, 0);
    await service.stop();
    renameSync(from, to);
    const moved = await serveRsync(context, join(to, 'repo.rsync'), place(to));
    assert.equal((await rsync('-r', `${moved.url}/build-os-2/root/usr/`, scratch.file('moved-2'))).code, 0);
    assert.doesNotMatch(moved.log(), /is ready for rsync clients/);
  });

  test('an ordinary user serves exact trees', { skip: !isRoot }, async (context) => {
    chmodSync(scratch.path, 0o755);
    const home = scratch.file('home');
    mkdirSync(home);
    chownSync(home, nobody, nobody);
    assert.equal(spawnSync('cp', ['-a', repository, join(home, 'repo')]).status, 0);
    const asNobody = { wrapper: nobodyWrapper(), environment: { HOME: home } };
    const service = await serveRsync(context, join(home, 'rsync'), { from: join(home, 'repo'), ...asNobody });
    const { code, stderr } = await rsync(
      ...everything,
      `${service.url}/build-os-1/root/`,
      scratch.file('by-nobody'),
    );
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    assertSameTree(scratch.file('by-nobody'), trees[0]);
    assert.equal(lstatSync(join(home, 'rsync/pub/builds/os-1')).uid, nobody);
    const { stdout } = await rsync('-r', `${service.url}/build-os-1/../../../run/`);
    assert.doesNotMatch(stdout, /rsyncd/);
  });

  test('a second server for the same directory, or on an address that is taken, says so and serves HTTP', async (context) => {
    const service = await serveRsync(context, scratch.file('twice'));
    const { port } = new URL(service.url.replace('rsync:', 'http:'));
    const words = ['serve', '--repo', repository, '--listen', '127.0.0.1:0', '--rsync'];
    const taken = await serveRsync(context, scratch.file('other'), { port: Number(port) });
    assert.match(taken.rsyncFailure ?? '', /Another program is already listening/);
    const page = await fetch(`${taken.web}/status.json`);
    const { rsync: told } = (await page.json()) as { rsync: { url: string | null; down: string } };
    assert.deepEqual(told.url, null);
    assert.match(told.down, /Another program is already listening/);
    const at = ['--repo', repository, '--rsync-dir', taken.directory];
    assert.match(
      (await satchel(['rsync', 'status', ...at])).stdout,
      /^A server runs, but serves no rsync clients: Another program/m,
    );
    const same = await serveRsync(context, service.directory);
    assert.match(same.rsyncFailure ?? '', /Another process makes trees/);
    const alone = ['rsync', 'status', '--repo', repository, '--rsync-dir', service.directory];
    assert.match((await satchel(alone)).stdout, /^Serving at /m);
    await service.stop();
    const later = async () =>
      (await (await fetch(`${taken.web}/status.json`)).json()) as { rsync: { url: string } };
    while ((await later()).rsync.url === null) await modulesAt(service.url);
    assert.ok((await modulesAt(service.url)).includes('build-os-1'));
    assert.match(await (await fetch(taken.web)).text(), /Served at rsync:/);
    assert.equal((await refused([...words, 'x:y:z'])).code, 'rsync-address-not-understood');
  });

  test('a smaller budget, and a name that is sticky no more, take trees away at once', async (context) => {
    const service = await serveRsync(context, scratch.file('budgets'));
    const { directory } = service;
    writeFileSync(join(directory, 'sticky/os-1'), '');
    for (const build of ['os-1', 'os-2'])
      assert.equal(
        (await rsync('-r', `${service.url}/build-${build}/contents`, scratch.file(build))).code,
        0,
      );
    await when(() => usesOf(service).length === 0);
    const status = await (await fetch(`${service.web}/status.json`)).text();
    assert.match(status, /"transfers":0/);
    await done(['rsync', 'set', '--repo', repository, '--rsync-dir', directory, '--budget', '1KB']);
    await when(() => !existsSync(join(directory, 'ready/os-2')));
    assert.ok(existsSync(join(directory, 'ready/os-1')));
    rmSync(join(directory, 'sticky/os-1'));
    await when(() => !existsSync(join(directory, 'ready/os-1')));
    mkdirSync(join(directory, 'ready/os-2/x'), { recursive: true });
    await service.stop();
    const again = await serveRsync(context, directory);
    assert.match(again.log(), /ready\/os-2 was removed/);
  });

  test('settings are written and shown', async (context) => {
    const directory = scratch.file('settings');
    const at = ['--repo', repository, '--rsync-dir', directory];
    const set = [
      '--connections',
      '12',
      '--wait',
      '2min',
      '--memory',
      '75MB',
      '--budget',
      '20GB',
      '--packed',
      scratch.path,
    ];
    await done(['rsync', 'set', ...at, ...set, '--upstream', 'rsync://mothership/os/{name}']);
    await done(['rsync', 'set', ...at, '--upstream', 'none', '--packed', 'default']);
    const before = await done<{ url: string | null; settings: Record<string, unknown> }>([
      'rsync',
      'status',
      ...at,
    ]);
    assert.equal(before.url, null);
    const { settings } = before;
    assert.deepEqual(
      [
        settings.connections,
        settings.wait,
        settings.memory,
        settings.budget,
        settings.upstream,
        settings.packed,
      ],
      [12, 120, 75_000_000, 20_000_000_000, undefined, join(directory, 'packed')],
    );
    const service = await serveRsync(context, directory);
    await rsync('-r', `${service.url}/build-os-1/contents`, scratch.file('c3'));
    const { stdout } = await satchel(['rsync', 'status', ...at]);
    assert.match(stdout, new RegExp(`^Serving at ${service.url}\\.$`, 'm'));
    assert.match(stdout, /^os-1: ready, last used 20/m);
    for (const [words, code] of [
      [['--memory', '31MiB'], 'memory-too-small'],
      [['--user', 'nobody-of-that-name'], 'rsync-user-absent'],
      [['--packed', scratch.file('no such')], 'packed-directory-absent'],
      [['--nice', '20'], 'whole-number-not-understood'],
      [['--user', 'root;x'], 'user-not-understood'],
      [['--upstream', 'http://{name}/'], 'upstream-address-not-usable'],
      [[], 'option-needed'],
    ] as const)
      assert.equal((await refused(['rsync', 'set', ...at, ...words])).code, code);
    await done(['rsync', 'set', ...at, '--memory', '32MiB']);
    for (const words of [['set', '--nice', '1'], ['status']])
      assert.equal(
        (await refused(['rsync', ...words, '--repo', scratch.file('no repository')])).code,
        'repository-absent',
      );
  });
});
