import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { startFaultServer } from '../../test/doubles/fault-server.ts';
import { startRsyncDaemon } from '../../test/doubles/rsync-daemon.ts';
import { startRsyncServer } from '../../test/doubles/rsync-server.ts';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { openPlace } from './upstream-open.ts';
import type { Place } from './upstream-place.ts';

const scratch = scratchFolder('place');
const served = scratch.file('served');
const temporary = scratch.file('temporary');
mkdirSync(`${served}/folder`, { recursive: true });
mkdirSync(temporary);
writeFileSync(`${served}/small.name`, 'small\n');
writeFileSync(`${served}/large.name`, 'x'.repeat(5000));
writeFileSync(`${served}/odd name`, '');
writeFileSync(`${served}/.hidden`, '');
symlinkSync('small.name', `${served}/link.name`);
symlinkSync('nowhere', `${served}/dangling.name`);
utimesSync(`${served}/small.name`, 1_200_000_000, 1_200_000_000);

const daemon = await startRsyncDaemon({ os: served });
const links = ['small.name', 'large.name', 'link.name', 'folder/', 'odd%20name', '.hidden'];
const page = links.map((link) => `<a href="${link}">${link}</a>`).join('\n');
const server = await startFaultServer(served, [{ path: '/', fault: { kind: 'replace', text: page } }]);
const addresses = { rsync: daemon.url('os'), http: server.url, directory: served };
after(async () => {
  await daemon.close();
  await server.close();
  scratch.remove();
});

for (const [kind, address] of Object.entries(addresses)) {
  const open = (): Promise<Place> => openPlace(address, { temporary, patience: 5000 });

  test(`${kind}: a place lists files, links, folders, and names that cannot be asked for`, async () => {
    const place = await open();
    const { files, folders, links: symlinks, unusual } = await place.list();
    // What a web server follows it follows for everybody.
    const followed = kind === 'http' ? ['link.name'] : [];
    assert.deepEqual(files.map(({ name }) => name).sort(), ['large.name', ...followed, 'small.name']);
    assert.deepEqual([...symlinks].sort(), kind === 'http' ? [] : ['dangling.name', 'link.name']);
    assert.deepEqual(folders, ['folder']);
    assert.deepEqual([...unusual].sort(), ['.hidden', 'odd name']);
    const large = files.find(({ name }) => name === 'large.name');
    const size = large?.size ?? (await place.sizeOf?.('large.name'));
    assert.equal(size, 5000);
    await place.close();
  });

  test(`${kind}: small files are read in one go; what is not there or too long is left out`, async () => {
    const place = await open();
    const names = ['small.name', 'large.name', 'link.name', 'nothing.name'];
    const found = await place.readSmall(names, 1000);
    const followed = kind === 'http' ? ['link.name'] : [];
    assert.deepEqual([...found.keys()].sort(), [...followed, 'small.name']);
    assert.equal(found.get('small.name')?.toString(), 'small\n');
    assert.deepEqual(await place.readSmall([], 1000), new Map());
    await place.close();
  });

  if (kind === 'directory') continue;

  test(`${kind}: a file that is longer than allowed is not taken in`, async () => {
    const place = await open();
    const path = scratch.file(`${kind}-long`);
    const fetching = place.fetch({ name: 'large.name', size: 5000 }, path, { limit: 4999 });
    await assert.rejects(fetching, { code: 'store-too-long' });
    assert.ok((statSync(path, { throwIfNoEntry: false })?.size ?? 0) <= 4999);
    await place.fetch({ name: 'large.name', size: 5000 }, path, { limit: 5000 });
    assert.equal(readFileSync(path).length, 5000);
    await place.close();
  });
}

test('what a server refuses is told as its refusal, not as a link that is down', async () => {
  const refusing = await startRsyncServer(temporary, `[os]\npath = ${served}\nrefuse options = times\n`);
  const place = await openPlace(`${refusing.url}/os/`, { temporary });
  try {
    const fetching = place.fetch({ name: 'small.name' }, scratch.file('refused'), { limit: 1000 });
    await assert.rejects(fetching, { code: 'upstream-refused', message: /refuse --times/ });
  } finally {
    await place.close();
    await refusing.stop();
  }
});

test('rsync leaves the time of a file as it is, so that it is not read again', async () => {
  const place = await openPlace(addresses.rsync, { temporary });
  const path = scratch.file('timed');
  await place.fetch({ name: 'small.name' }, path, { limit: 1000 });
  assert.equal(statSync(path).mtimeMs, 1_200_000_000_000);
  daemon.sent();
  await place.fetch({ name: 'small.name' }, path, { limit: 1000 });
  assert.deepEqual(daemon.sent(), []);
});
