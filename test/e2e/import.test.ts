/** `satchel import` as the timer runs it, against a real rsync daemon with the module `os`. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { findProgram } from '../../src/os/process.ts';
import type { ImportReport } from '../../src/rsync/upstream-import.ts';
import { dropSet } from '../doubles/dropped-sets.ts';
import { type RsyncDaemon, startBadLine, startRsyncDaemon } from '../doubles/rsync-daemon.ts';
import {
  done,
  type RunningServer,
  refused,
  satchel,
  serve,
  startSatchel,
} from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { writeTinyBuilds } from '../doubles/tiny-builds.ts';
import { when } from '../doubles/when.ts';

const scratch = scratchFolder('import-story');
const mothership = scratch.file('mothership');
const repository = scratch.file('repo');
const units = join(import.meta.dirname, '../../packaging/systemd');
let daemon: RsyncDaemon;
let environment: Record<string, string>;
let archives: { readonly b1: string; readonly b2: string };

before(async () => {
  archives = writeTinyBuilds(scratch.path);
  dropSet(mothership, { prefix: 'b1', archive: archives.b1 });
  daemon = await startRsyncDaemon({ os: mothership });
  environment = { SATCHEL_REPO: repository, SATCHEL_FROM: daemon.url('os') };
  await done(['init', '--repo', repository]);
});

after(async () => {
  await daemon.close();
  scratch.remove();
});

const names = async () => {
  const { builds } = await done<{ builds: { name: string }[] }>(['list', '--repo', repository]);
  return builds.map(({ name }) => name).sort();
};

describe('an import', () => {
  test('by the words of the systemd unit brings what is new, and says what it did', async () => {
    const unit = readFileSync(join(units, 'satchel-import.service'), 'utf8');
    const [, words = ''] = /^ExecStart=\/opt\/satchel\/satchel (.+)$/m.exec(unit) ?? [];
    const { code, stdout } = await satchel(words.split(' '), { environment });
    assert.equal(code, 0);
    assert.equal(
      stdout,
      `brought b1 (1.21 MB)\n${daemon.url('os')}: 1 builds brought (1.21 MB), 0 were here, 0 not complete there, 0 with problems.\n`,
    );
    assert.deepEqual(await names(), ['b1']);
  });

  test('does not bring again what was removed here, unless it is told to', async () => {
    await done(['remove', '--repo', repository, 'b1']);
    const report = await done<ImportReport>(['import'], { environment });
    assert.deepEqual([report.published, report.removed], [[], ['b1']]);
    const again = await done<ImportReport>(['import', '--again', '--stream', 'stable'], { environment });
    assert.deepEqual(
      again.published.map(({ build }) => build),
      ['b1'],
    );
    const { streams } = await done<{ streams: { name: string; head: string }[] }>([
      'list',
      '--repo',
      repository,
    ]);
    assert.deepEqual(streams, [{ name: 'stable', head: 'b1' }]);
  });

  test('that is killed leaves nothing half done, and the next one goes on from what came', async () => {
    dropSet(mothership, { prefix: 'b2', archive: archives.b2 });
    const line = await startBadLine(daemon.port);
    try {
      line.setLimit(500_000, 'hang');
      const over = environment.SATCHEL_FROM?.replace(String(daemon.port), String(line.port)) ?? '';
      const running = startSatchel(['import', '--from', over], { environment });
      const part = join(`${repository}.rsync`, 'incoming/b2/b2-tree.tar');
      await when(() => (statSync(part, { throwIfNoEntry: false })?.size ?? 0) > 200_000, running.ended);
      running.child.kill('SIGKILL');
      await running.ended;
      assert.deepEqual(await names(), ['b1']);
    } finally {
      await line.close();
    }
    daemon.sent();
    await done(['import'], { environment });
    assert.deepEqual(await names(), ['b1', 'b2']);
    const sent = daemon.sent().find(({ file }) => file.endsWith('b2-tree.tar'));
    assert.ok((sent?.bytes ?? Number.POSITIVE_INFINITY) < 1_050_000, `the rest travelled: ${sent?.bytes}`);
    await done(['fsck', '--repo', repository]);
  });

  test('says in Spanish what is wrong, ends with 1, and brings the others', async () => {
    dropSet(mothership, { prefix: 'b3', archive: archives.b1 });
    dropSet(mothership, { prefix: 'evil', name: '[evil]', archive: archives.b1 });
    const { code, stdout } = await satchel(['import'], {
      environment: { ...environment, SATCHEL_LANG: 'es' },
    });
    assert.equal(code, 1);
    assert.match(stdout, /^se trajo b3 /m);
    assert.match(
      stdout,
      /^evil: El archivo evil\.name en rsync:.* no contiene el nombre de una versión\. .*\.$/m,
    );
    rmSync(join(mothership, 'evil.name'));
  });

  test('without the key that publishes is refused before anything travels', async () => {
    const { code, exitCode } = await refused(['import', '--key-dir', scratch.file('nothing')], {
      environment,
    });
    assert.deepEqual([code, exitCode], ['upstream-needs-keys', 4]);
  });
});

describe('another Satchel', () => {
  const origin = scratch.file('origin');
  const packed = join(`${origin}.rsync`, 'packed');
  let server: RunningServer;
  let url = '';

  before(async () => {
    await done(['init', '--repo', origin]);
    dropSet(packed, { prefix: 'xyz', name: 'c1', archive: archives.b1 });
    const linked = dropSet(packed, { prefix: 'linked', archive: archives.b2 });
    renameSync(linked.contents, join(packed, 'elsewhere'));
    symlinkSync('elsewhere', linked.contents);
    server = await serve(origin, { words: ['--rsync', '127.0.0.1:0'] });
    url = server.rsync ?? assert.fail(server.log());
  });
  after(() => server.stop());

  test('gives its builds through its module os; a set with a symlink is a sentence', async () => {
    const taker = scratch.file('taker');
    await done(['init', '--repo', taker]);
    const words = ['import', '--repo', taker, '--from', `${url}/os/`];
    const { code, stdout, stderr } = await satchel(words);
    assert.equal(code, 1, stderr);
    assert.match(stdout, /^brought c1 /m);
    assert.match(stdout, /^linked: linked\.contents in rsync:.* is a symlink, which is not followed\./m);
    const { builds } = await done<{ builds: { name: string }[] }>(['list', '--repo', taker]);
    assert.deepEqual(
      builds.map(({ name }) => name),
      ['c1'],
    );
  });
});

const analyser = findProgram('systemd-analyze');

test('systemd finds nothing wrong with the units', { skip: analyser === undefined }, () => {
  // It looks for the program and the user, which are those of a machine where Satchel is installed.
  const installed = readFileSync(join(units, 'satchel-import.service'), 'utf8')
    .replace('/opt/satchel/satchel', '/bin/true')
    .replace('User=satchel', 'User=root');
  writeFileSync(scratch.file('satchel-import.service'), installed);
  copyFileSync(join(units, 'satchel-import.timer'), scratch.file('satchel-import.timer'));
  const words = [
    'verify',
    '--man=no',
    scratch.file('satchel-import.timer'),
    scratch.file('satchel-import.service'),
  ];
  const { status, stderr } = spawnSync(analyser ?? '', words, { encoding: 'utf8' });
  assert.deepEqual([status, stderr], [0, '']);
});
