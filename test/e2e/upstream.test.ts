/** A build that is only at the mothership, asked for by an rsync client of the school server. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { dropSet } from '../doubles/dropped-sets.ts';
import { type FaultServer, startFaultServer } from '../doubles/fault-server.ts';
import { type RsyncDaemon, startBadLine, startRsyncDaemon } from '../doubles/rsync-daemon.ts';
import { done, type RunningServer, serve } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { writeTinyBuilds } from '../doubles/tiny-builds.ts';
import { when } from '../doubles/when.ts';

const scratch = scratchFolder('upstream-story');
const mothership = scratch.file('mothership');
const school = scratch.file('school');
let daemon: RsyncDaemon;
let web: FaultServer;
let server: RunningServer;
let url = '';

/** Runs the rsync client to its end. */
function rsync(...words: string[]): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    const environment = { ...process.env, LC_ALL: 'C' };
    execFile('rsync', words, { env: environment }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr }),
    );
  });
}

/** Waits until the list of modules tells it; nothing says when it does. */
async function listed(isIt: (list: string) => boolean): Promise<string> {
  let list = '';
  await when(() => {
    list = spawnSync('rsync', [`${url}/`], { encoding: 'utf8' }).stdout;
    return isIt(list);
  }, server.ended);
  return list;
}

/** Starts the school server. */
async function startSchool(): Promise<void> {
  server = await serve(school, { words: ['--rsync', '127.0.0.1:0'] });
  url = server.rsync ?? assert.fail(server.log());
}

before(async () => {
  const { b1, b2 } = writeTinyBuilds(scratch.path);
  dropSet(mothership, { prefix: 'xyz', name: 'b1', archive: b1 });
  dropSet(join(mothership, 'b2'), { prefix: 'b2', archive: b2 });
  dropSet(join(mothership, 'slow'), { prefix: 'b3', archive: b2 });
  daemon = await startRsyncDaemon({ os: mothership });
  web = await startFaultServer(mothership);
  await done(['init', '--repo', school]);
  await done(['rsync', 'set', '--repo', school, '--upstream', daemon.url('os')]);
  await startSchool();
});

after(async () => {
  await server.stop();
  await web.close();
  await daemon.close();
  scratch.remove();
});

describe('a build that is only at the mothership', () => {
  test('has a module here, and comes when the first of a classroom asks for it', async () => {
    const list = await listed((text) => text.includes('build-b1'));
    assert.match(list, /^build-b1\s+fetched when it is asked for$/m);
    daemon.sent();
    const clients = Array.from({ length: 10 }, (_, number) => {
      const to = scratch.file(`client-${number}`);
      mkdirSync(to);
      return rsync('-a', `${url}/build-b1/contents`, `${url}/build-b1/root/etc/same`, `${to}/`);
    });
    for (const { code, output } of await Promise.all(clients)) assert.equal(code, 0, output);
    assert.deepEqual(
      readFileSync(scratch.file('client-9', 'contents')),
      readFileSync(join(mothership, 'xyz.contents')),
    );
    assert.equal(readFileSync(scratch.file('client-0', 'same'), 'utf8'), 'the same\n');
    assert.equal(daemon.sent().filter(({ file }) => file.endsWith('.tar')).length, 1, 'it was fetched once');
    await listed((text) => /^build-b1\s.*published/m.test(text));
  });

  test('behind a server that lists nothing comes for the second attempt', async () => {
    await done(['rsync', 'set', '--repo', school, '--upstream', `${web.url}{name}/`]);
    const read = () => rsync('-a', `${url}/build-b2/root/etc/name`, `${scratch.path}/`);
    // The setting counts within a second; until then nothing is asked for.
    await when(() => {
      spawnSync('rsync', [`${url}/build-b2/`]);
      return web.requests.length > 0;
    }, server.ended);
    await listed((text) => text.includes('build-b2'));
    const { code, output } = await read();
    assert.equal(code, 0, output);
    assert.equal(readFileSync(scratch.file('name'), 'utf8'), 'second\n');
  });

  test('comes although the server is killed in the middle, and what had come is not sent again', async () => {
    const line = await startBadLine(daemon.port);
    try {
      const over = daemon.url('os').replace(String(daemon.port), String(line.port));
      await done(['rsync', 'set', '--repo', school, '--upstream', `${over}slow/`]);
      await listed((text) => text.includes('build-b3'));
      line.setLimit(500_000, 'hang');
      const leaving = rsync(`${url}/build-b3/contents`, `${scratch.path}/`);
      const part = join(`${school}.rsync`, 'incoming/b3/b3-tree.tar');
      await when(() => (statSync(part, { throwIfNoEntry: false })?.size ?? 0) > 200_000, server.ended);
      await server.kill();
      assert.notEqual((await leaving).code, 0);
      line.setLimit(Number.POSITIVE_INFINITY, 'close');
      daemon.sent();
      await startSchool();
      await listed((text) => text.includes('build-b3'));
      const { code, output } = await rsync(`${url}/build-b3/contents`, `${scratch.path}/`);
      assert.equal(code, 0, output);
      const sent = daemon.sent().find(({ file }) => file.endsWith('.tar'));
      assert.ok((sent?.bytes ?? Number.POSITIVE_INFINITY) < 1_050_000, `the rest travelled: ${sent?.bytes}`);
    } finally {
      await line.close();
    }
  });

  test('or nowhere is refused in the words of rsync', async () => {
    const { code, output } = await rsync('-a', `${url}/build-b9/`, `${scratch.path}/`);
    assert.notEqual(code, 0);
    assert.match(output, /Unknown module 'build-b9'/);
    const inAll = await rsync('-a', `${url}/builds/b9/contents`, `${scratch.path}/`);
    assert.notEqual(inAll.code, 0);
  });
});
