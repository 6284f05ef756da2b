/** Builds of the old kind on a stick: published at the origin, and at a site served to its rsync clients alone. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { dropSet } from '../doubles/dropped-sets.ts';
import { modulesWhen, rsync } from '../doubles/rsync-client.ts';
import { done, satchel, serve } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { writeTinyBuilds } from '../doubles/tiny-builds.ts';

const scratch = scratchFolder('stick-xobuilds');
const origin = scratch.file('origin');
const archives = writeTinyBuilds(scratch.path);
let courier = '';

before(async () => {
  await done(['init', '--repo', origin]);
  await done(['publish', '--repo', origin, archives.b1]);
  courier = scratch.file('courier');
  mkdirSync(courier);
  await done(['stick', 'prepare', courier, '--repo', origin]);
});
after(() => scratch.remove());

async function joined(name: string): Promise<string> {
  const site = scratch.file(name);
  const trust = `${origin}/metadata/1.root.json`;
  await done(['site', 'join', courier, '--repo', site, '--name', name, '--trust', trust]);
  return site;
}

/** A stick with one set of files and a manifest that is right about them. */
function oldStick(name: string, contents?: string): string {
  const stick = scratch.file(`stick-${name}`);
  const folder = `${stick}/xs-xobuilds`;
  dropSet(folder, { prefix: name, archive: archives.b1, name, ...(contents !== undefined && { contents }) });
  const lines = readdirSync(folder).map(
    (file) => `${hash('sha1', readFileSync(`${folder}/${file}`))}  ${file}\n`,
  );
  writeFileSync(`${folder}/manifest.sha1`, lines.join(''));
  return stick;
}

test('rsync clients of a site get what the stick brought, and nobody else hears of it', async (context) => {
  const site = await joined('school');
  await done(['stick', 'load', oldStick('py-1'), '--repo', site]);
  const before = readFileSync(`${site}/metadata/timestamp.json`);
  const server = await serve(site, { words: ['--rsync', '127.0.0.1:0', '--offline'] });
  context.after(() => server.stop());
  const url = server.rsync ?? '';
  await modulesWhen(url, (modules) => modules.includes('build-py-1'));
  const target = scratch.file('client');
  const { code, stderr } = await rsync('-rlt', `${url}/build-py-1/`, `${target}/`);
  assert.equal(code, 0, stderr);
  assert.equal(readFileSync(`${target}/root/etc/name`, 'utf8'), 'first\n');
  assert.equal(readFileSync(`${target}/contents`, 'utf8'), '["olpc-contents",1,{"of":"py-1"}]');
  const { builds } = await done<{ builds: { name: string }[] }>(['list', '--repo', site]);
  assert.deepEqual(
    builds.map(({ name }) => name),
    ['b1'],
  );
  assert.deepEqual(readFileSync(`${site}/metadata/timestamp.json`), before);

  await done(['stick', 'load', oldStick('py-2'), '--repo', site]);
  await modulesWhen(url, (modules) => modules.includes('build-py-2'));
  rmSync(`${site}.rsync/packed/py-1.name`);
  await modulesWhen(url, (modules) => !modules.includes('build-py-1'));
  const report = await done<{ kept: string[] }>(['xs-refresh-xobuilds', '--repo', site]);
  assert.deepEqual(report.kept, ['py-2']);

  const words = ['stick', 'load', oldStick('py-3', '["olpc'), '--repo', site];
  const loaded = await satchel(words, { environment: { SATCHEL_LANG: 'es' } });
  assert.equal(loaded.code, 1, loaded.stdout);
  assert.match(loaded.stdout, /py-3\.contents/);
  const page = await (await fetch(`${server.url}/?lang=es`)).text();
  assert.match(page, /py-3\.contents/);
});

for (const command of ['load', 'collect'])
  test(`at the origin "stick ${command}" publishes, and says what it cannot`, async () => {
    const good = await done<{ drop: { published: string[] } }>([
      ...['stick', command, oldStick(`good-${command}`), '--repo', origin],
    ]);
    assert.deepEqual(good.drop.published, [`good-${command}`]);
    const bad = oldStick(`bad-${command}`, '["olpc');
    const { code, stdout } = await satchel(['stick', command, bad, '--repo', origin]);
    assert.equal(code, 1, stdout);
    assert.match(stdout, new RegExp(`bad-${command}\\.contents`));
  });
