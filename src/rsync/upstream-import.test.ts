import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startBareServer } from '../../test/doubles/bare-server.ts';
import { dropSet } from '../../test/doubles/dropped-sets.ts';
import { startFaultServer } from '../../test/doubles/fault-server.ts';
import { startBadLine, startRsyncDaemon } from '../../test/doubles/rsync-daemon.ts';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { writeTinyBuilds } from '../../test/doubles/tiny-builds.ts';
import { streamName } from '../base/identifiers.ts';
import { emptyTaker, type Taker } from './upstream.testkit.ts';
import { type ImportOptions, type ImportReport, importBuilds } from './upstream-import.ts';
import { openPlace } from './upstream-open.ts';

const scratch = scratchFolder('import');
const { b1, b2 } = writeTinyBuilds(scratch.path);
const mothership = scratch.file('mothership');
mkdirSync(mothership);
const daemon = await startRsyncDaemon({ os: mothership });
const from = daemon.url('os');
after(async () => {
  await daemon.close();
  scratch.remove();
});

/** An empty drop directory at the mothership, served as `rsync://…/os/NAME/`. */
function dropDirectory(name: string): { readonly path: string; readonly from: string } {
  const path = join(mothership, name);
  mkdirSync(path);
  return { path, from: `${from}${name}/` };
}

const run = (taker: Taker, address: string, options: Partial<ImportOptions> = {}): Promise<ImportReport> =>
  importBuilds({ ...taker, from: address, streams: [], again: false, ...options });

const summary = (report: ImportReport) => ({
  published: report.published.map(({ build }) => build),
  present: [...report.present],
  waiting: report.waiting.map(({ prefix }) => prefix),
  problems: report.problems.map(({ about, code }) => `${about}: ${code}`),
});
const nothing = { published: [], present: [], waiting: [], problems: [] };

test('new sets of the module os become builds, oldest first, and a second import brings no byte of them', async () => {
  const { path, from: address } = dropDirectory('usual');
  const older = dropSet(path, { prefix: 'xyz_jffs2', name: 'joyride-2', archive: b2 });
  const newer = dropSet(path, { prefix: 'py801', archive: b1 });
  utimesSync(older.archive, 1000, 1000);
  utimesSync(newer.archive, 2000, 2000);
  const taker = await emptyTaker(scratch);
  daemon.sent();
  const first = await run(taker, address, { streams: [streamName('stable')] });
  assert.deepEqual(summary(first), { ...nothing, published: ['joyride-2', 'py801'] });
  assert.deepEqual(await taker.builds(), ['joyride-2', 'py801']);
  assert.equal(await taker.head('stable'), 'py801');
  assert.ok(daemon.sent().some(({ file }) => file.endsWith('py801-tree.tar')));
  assert.deepEqual(taker.leftovers(), [], 'the repository has the content: nothing is kept twice');

  const second = await run(taker, address);
  assert.deepEqual(summary(second), { ...nothing, present: ['joyride-2', 'py801'] });
  const travelled = daemon.sent().map(({ file }) => file);
  assert.deepEqual(
    travelled.filter((file) => !/\.(?:name|md5)$/.test(file)),
    [],
  );

  dropSet(path, { prefix: 'py802', archive: b2 });
  rmSync(older.name);
  const third = await run(taker, address);
  assert.deepEqual(summary(third), { ...nothing, published: ['py802'], present: ['py801'] });
  assert.deepEqual(await taker.builds(), ['joyride-2', 'py801', 'py802'], 'nothing is withdrawn');
  assert.equal(await taker.head('stable'), 'py801', 'no stream moves unless it is asked for');
});

test('a half-uploaded set waits, whatever is missing, and comes when it is whole', async () => {
  const { path, from: address } = dropDirectory('half');
  for (const without of ['.md5', '.contents', 'archive'] as const)
    dropSet(path, { prefix: `no-${without.replace('.', '')}`, archive: b1, without });
  dropSet(path, { prefix: 'unnamed', archive: b1, without: '.name' });
  const growing = dropSet(path, { prefix: 'growing', archive: b1 });
  const whole = readFileSync(growing.archive);
  truncateSync(growing.archive, 700_000);
  const taker = await emptyTaker(scratch);
  const first = await run(taker, address);
  assert.deepEqual(summary(first), {
    ...nothing,
    waiting: ['no-archive', 'no-contents', 'no-md5', 'growing'],
  });
  assert.deepEqual(first.waiting.at(-1)?.missing, []);

  daemon.sent();
  appendFileSync(growing.archive, whole.subarray(700_000));
  for (const without of ['.md5', '.contents', 'archive'] as const)
    dropSet(path, { prefix: `no-${without.replace('.', '')}`, archive: b1 });
  const second = await run(taker, address);
  assert.deepEqual(
    new Set(summary(second).published),
    new Set(['growing', 'no-archive', 'no-contents', 'no-md5']),
  );
  assert.deepEqual(taker.leftovers(), []);
  const archive = daemon.sent().find(({ file }) => file.endsWith('growing-tree.tar'));
  assert.ok(
    (archive?.bytes ?? Number.POSITIVE_INFINITY) < 600_000,
    `only the rest travelled: ${archive?.bytes}`,
  );
});

test('each problem is one sentence, and the other builds come', async () => {
  const { path, from: address } = dropDirectory('problems');
  dropSet(path, { prefix: 'good', archive: b1 });
  dropSet(path, { prefix: 'evil', name: '../../etc', archive: b1 });
  dropSet(path, { prefix: 'twin-1', name: 'twin', archive: b1 });
  dropSet(path, { prefix: 'twin-2', name: 'twin', archive: b2 });
  writeFileSync(join(path, 'with space.name'), 'spaced\n');
  writeFileSync(join(path, 'new\nline.name'), 'lines\n');
  const garbage = dropSet(path, { prefix: 'garbage', archive: b1 });
  writeFileSync(garbage.archive, 'no tar at all');
  writeFileSync(garbage.md5, '0c1ea8ea2a5ea4bd6dd0e1e1ba5a7ab8  garbage-tree.tar\n');
  const unreadable = dropSet(path, { prefix: 'unreadable', archive: b1 });
  writeFileSync(unreadable.md5, 'no sum\n');
  const taker = await emptyTaker(scratch);
  const report = await run(taker, address);
  assert.deepEqual(new Set(summary(report).published), new Set(['good', 'twin']));
  assert.deepEqual(summary(report).waiting, ['garbage']);
  assert.deepEqual(
    new Set(summary(report).problems),
    new Set([
      'evil: upstream-name-empty',
      'twin-2: upstream-name-twice',
      'with space.name: upstream-name-unusual',
      'new\\#012line.name: upstream-name-unusual',
      'unreadable: source-md5-unreadable',
    ]),
  );
});

test('an archive that is wrong there is sent once, not every night, until it changes or a day is over', async () => {
  const { path, from: address } = dropDirectory('wrong');
  const set = dropSet(path, { prefix: 'wrong', archive: b1 });
  const right = readFileSync(set.archive);
  const damaged = Buffer.from(right);
  damaged[5000] = 1 ^ damaged[5000]!;
  writeFileSync(set.archive, damaged);
  const taker = await emptyTaker(scratch);
  assert.deepEqual(summary(await run(taker, address)), { ...nothing, waiting: ['wrong'] });
  daemon.sent();
  assert.deepEqual(summary(await run(taker, address)).problems, ['wrong: upstream-still-wrong']);
  assert.ok(!daemon.sent().some(({ file }) => file.endsWith('.tar')));
  taker.later(2 * 86_400_000);
  writeFileSync(set.archive, right);
  assert.deepEqual(summary(await run(taker, address)), { ...nothing, published: ['wrong'] });
});

test('an archive that stays wrong is a problem each time from the second on, wherever it lies', async () => {
  const { path, from: address } = dropDirectory('stays-wrong');
  const set = dropSet(path, { prefix: 'stays', archive: b1 });
  const right = readFileSync(set.archive);
  const damaged = Buffer.from(right);
  damaged[5000] = 1 ^ damaged[5000]!;
  for (const place of [path, address]) {
    writeFileSync(set.archive, damaged);
    const taker = await emptyTaker(scratch);
    assert.deepEqual(summary(await run(taker, place)), { ...nothing, waiting: ['stays'] });
    for (const _ of [1, 2]) {
      // A timer comes once a day, a little later each time.
      taker.later(86_500_000);
      assert.deepEqual(summary(await run(taker, place)).problems, ['stays: upstream-wrong-again'], place);
    }
    // It is still being copied: it is another one each time.
    truncateSync(set.archive, 100_000);
    assert.deepEqual(summary(await run(taker, path)), { ...nothing, waiting: ['stays'] });
    writeFileSync(set.archive, right);
    assert.deepEqual(summary(await run(taker, path)), { ...nothing, published: ['stays'] });
  }
});

test('a set of which a file is a symlink is a problem, and nothing is read through it', async () => {
  const { path, from: address } = dropDirectory('links');
  const secret = scratch.file('secret');
  writeFileSync(secret, 'root:$6$secret\n');
  for (const file of ['name', 'archive', 'md5', 'contents'] as const) {
    const files = dropSet(path, { prefix: file, archive: b1 });
    rmSync(files[file]);
    symlinkSync(file === 'archive' ? b1 : secret, files[file]);
  }
  dropSet(path, { prefix: 'good', archive: b1 });
  for (const place of [path, address]) {
    const report = await run(await emptyTaker(scratch), place);
    assert.deepEqual(
      { ...summary(report), problems: summary(report).problems.sort() },
      {
        ...nothing,
        published: ['good'],
        problems: ['archive', 'contents', 'md5', 'name'].map((set) => `${set}: upstream-file-link`),
      },
    );
    assert.ok(!JSON.stringify(report).includes('$6$'));
  }
});

test('a manifest that is cut short is not published, and is read anew', async () => {
  const { path, from: address } = dropDirectory('cut');
  const { contents } = dropSet(path, { prefix: 'cut', archive: b1 });
  const whole = readFileSync(contents);
  for (const place of [path, address]) {
    writeFileSync(contents, whole.subarray(0, -1));
    const taker = await emptyTaker(scratch);
    assert.deepEqual(summary(await run(taker, place)).problems, ['cut: upstream-contents-cut-short'], place);
    assert.deepEqual(await taker.builds(), []);
    writeFileSync(contents, whole);
    assert.deepEqual(summary(await run(taker, place)), { ...nothing, published: ['cut'] });
  }
});

test('a name that gets other content there is a problem, and what is here stays', async () => {
  const { path, from: address } = dropDirectory('changed');
  dropSet(path, { prefix: 'same', archive: b1 });
  const taker = await emptyTaker(scratch);
  await run(taker, address);
  dropSet(path, { prefix: 'same', archive: b2 });
  assert.deepEqual(summary(await run(taker, address)), {
    ...nothing,
    problems: ['same: upstream-content-changed'],
  });
});

test('a transfer that breaks off, or hangs, goes on from what came', async () => {
  const { path, from: address } = dropDirectory('broken');
  dropSet(path, { prefix: 'large', archive: b1 });
  const line = await startBadLine(daemon.port);
  try {
    const over = address.replace(String(daemon.port), String(line.port));
    const taker = { ...(await emptyTaker(scratch)), patience: 1000 };
    line.setLimit(500_000, 'close');
    daemon.sent();
    // Every connection brings less than half: the attempts of one import bring all of it together.
    assert.deepEqual(summary(await run(taker, over)), { ...nothing, published: ['large'] });
    assert.ok(line.connections() > 5);

    const other = { ...(await emptyTaker(scratch)), patience: 1000 };
    line.setLimit(20, 'hang');
    await assert.rejects(run(other, over), { code: 'store-stalled' });
    line.setLimit(Number.POSITIVE_INFINITY, 'close');
    assert.deepEqual(summary(await run(other, over)), { ...nothing, published: ['large'] });
  } finally {
    await line.close();
  }
});

test('without the key that publishes, nothing is asked for', async () => {
  const { path, from: address } = dropDirectory('keys');
  dropSet(path, { prefix: 'one', archive: b1 });
  const taker = await emptyTaker(scratch);
  const keys = { ...taker.keys, load: () => [] };
  await assert.rejects(run({ ...taker, keys }, address), { code: 'upstream-needs-keys', exitCode: 4 });
});

test('a server that is not there, a module that is not there and a directory that is not there are told', async () => {
  const taker = await emptyTaker(scratch);
  const line = await startBadLine(daemon.port);
  await line.close();
  await assert.rejects(run(taker, `rsync://127.0.0.1:${line.port}/os/`), { code: 'store-unreachable' });
  await assert.rejects(run(taker, from.replace('/os/', '/so/')), { code: 'upstream-refused' });
  await assert.rejects(run(taker, `${from}nowhere/`), { code: 'store-not-found' });
  await assert.rejects(run(taker, scratch.file('nowhere')), { code: 'upstream-directory-missing' });
  for (const address of [
    'rsync://host/',
    'rsync://host/os/*',
    'rsync://-e/os',
    'rsync://a:b@host/os',
    'ftp://host/os',
  ])
    await assert.rejects(run(taker, address), { code: 'upstream-address-not-usable', exitCode: 2 }, address);
});

test('a local directory is imported from where it lies', async () => {
  const { path } = dropDirectory('local');
  dropSet(path, { prefix: 'local', archive: b1 });
  const taker = await emptyTaker(scratch);
  assert.deepEqual(summary(await run(taker, path)), { ...nothing, published: ['local'] });
  assert.deepEqual(taker.leftovers(), []);
  assert.ok(readFileSync(join(path, 'local-tree.tar')).length > 0);
});

/** A page as web servers make it. */
const page = (...names: readonly string[]) => names.map((name) => `<a href="${name}">${name}</a>\n`).join('');

test('a page of links serves as well; what breaks off is gone on with, and what changed between is fetched anew', async () => {
  const { path } = dropDirectory('web');
  const files = dropSet(path, { prefix: 'web', archive: b1 });
  const names = ['?C=M', '../', 'web.name', 'web.contents', 'web-tree.tar', 'web-tree.tar.md5'];
  const listed = { path: '/', fault: { kind: 'replace', text: page(...names) } } as const;
  const server = await startFaultServer(path, [
    listed,
    { path: '/web-tree.tar', from: 2, times: 1, fault: { kind: 'reset', after: 600_000 } },
    { path: '/web-tree.tar', from: 3, fault: { kind: 'status', status: 404 } },
  ]);
  try {
    const taker = await emptyTaker(scratch);
    assert.deepEqual(summary(await run(taker, server.url)).problems, ['web: store-not-found']);
    server.setRules([listed]);
    const before = server.counters().bodyBytes;
    assert.deepEqual(summary(await run(taker, server.url)), { ...nothing, published: ['web'] });
    assert.ok(server.counters().bodyBytes - before < 700_000, 'the rest and the small files');
    assert.deepEqual(taker.leftovers(), []);

    const changing = await emptyTaker(scratch);
    server.setRules([
      listed,
      { path: '/web-tree.tar', from: 2, times: 1, fault: { kind: 'reset', after: 600_000 } },
      { path: '/web-tree.tar', from: 3, fault: { kind: 'status', status: 404 } },
    ]);
    await run(changing, server.url);
    server.setRules([listed]);
    dropSet(path, { prefix: 'web', archive: b2 });
    assert.deepEqual(summary(await run(changing, server.url)), { ...nothing, published: ['web'] });
    assert.deepEqual(
      changing.notices.map(({ code }) => code),
      ['upstream-fetching-again'],
    );
    assert.ok(files.archive);
  } finally {
    await server.close();
  }
});

test('a page that lists nothing is told as such', async () => {
  const { path } = dropDirectory('unlisted');
  const server = await startFaultServer(path, [{ path: '/', fault: { kind: 'status', status: 403 } }]);
  try {
    await assert.rejects(run(await emptyTaker(scratch), server.url), { code: 'upstream-not-listed' });
  } finally {
    await server.close();
  }
});

test('what stalls on a web server that tells no lengths is a failure, not the end of a file', async () => {
  const { path } = dropDirectory('lengthless');
  const files = dropSet(path, { prefix: 'one', archive: b1 });
  const listed = page('one.name', 'one.contents', 'one-tree.tar', 'one-tree.tar.md5');
  const bytes = {
    '/': listed,
    '/one.name': readFileSync(files.name),
    '/one.contents': readFileSync(files.contents),
    '/one-tree.tar': readFileSync(files.archive),
    '/one-tree.tar.md5': readFileSync(files.md5),
  };
  /** Serves all of it, of one file only the beginning. */
  const stalledAt = (stalled?: keyof typeof bytes) =>
    startBareServer(
      Object.fromEntries(
        Object.entries(bytes).map(([name, body]) =>
          name === stalled
            ? [name, { body: body.slice(0, body.length - 3), end: 'stall' as const }]
            : [name, { body, end: 'close' as const }],
        ),
      ),
    );
  const taker = { ...(await emptyTaker(scratch)), patience: 100 };
  for (const stalled of ['/', '/one.contents', '/one-tree.tar'] as const) {
    const server = await stalledAt(stalled);
    try {
      if (stalled === '/')
        await assert.rejects(run(taker, server.url), { code: 'store-stalled', exitCode: 1 });
      else assert.deepEqual(summary(await run(taker, server.url)).problems, ['one: store-stalled'], stalled);
    } finally {
      await server.close();
    }
  }
  assert.deepEqual(await taker.builds(), []);
  const server = await stalledAt();
  try {
    assert.deepEqual(summary(await run(taker, server.url)), { ...nothing, published: ['one'] });
  } finally {
    await server.close();
  }
});

test('a file of unknown length goes to the disk as it comes', async () => {
  const server = await startBareServer({ '/large': { body: 'x'.repeat(1_000_000), end: 'stall' } });
  const place = await openPlace(server.url, { temporary: scratch.path });
  const path = scratch.file('large');
  try {
    await place.fetch({ name: 'large' }, path, {
      limit: 2_000_000,
      onProgress: (done) => {
        if (done > 0) assert.ok(statSync(path).size >= done);
        // Only now does the server end it.
        if (done === 1_000_000) server.finish();
      },
    });
    assert.equal(statSync(path).size, 1_000_000);
  } finally {
    await place.close();
    await server.close();
  }
});
