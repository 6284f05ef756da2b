/** Devices whose files were damaged or laid as traps: a sentence, and never a write outside of the root. */
import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { MessageCode } from '../../src/base/catalogue.ts';
import { listing, refused, satchel, succeed, unchanged, workspace } from './bad-input.testkit.ts';

const place = workspace('device');
const repo = place.at('repo');
const own = 'versions/updates/satchel';

before(async () => {
  place.write('tree/etc/hostname', 'one\n');
  place.write('tree/etc/same', 'the same\n');
  place.write('tree/usr/bin/tool', 'tool\n');
  await succeed(['init', '--repo', repo]);
  await succeed(['publish', '--repo', repo, '--name', 'one', place.at('tree')]);
  const root = place.at('template');
  await succeed(['device', 'init', '--root', root, '--source', repo, '--trust-on-first-use']);
  await succeed(['update', '--root', root]);
  place.write('tree/etc/hostname', 'two\n');
  await succeed(['publish', '--repo', repo, '--name', 'two', place.at('tree')]);
});
after(() => place.remove());

let count = 0;
function device(): { root: string; at: (name: string) => string; outside: string } {
  count += 1;
  const root = place.at(`root${count}`);
  cpSync(place.at('template'), root, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  place.write(`outside${count}/etc/hostname`, 'host\n');
  place.write(`outside${count}/file`, 'host file\n');
  return { root, at: (name) => path.join(root, name), outside: place.at(`outside${count}`) };
}

function replaceBySymlink(target: string, link: string): void {
  rmSync(link, { recursive: true, force: true });
  symlinkSync(target, link);
}

suite('a file of the device that makes no sense is named, and nothing is changed', { concurrency: 3 }, () => {
  const damagedFile: readonly MessageCode[] = ['device-file-damaged'];
  const pointer: readonly MessageCode[] = ['boot-pointer-wrong'];
  const cases: Readonly<
    Record<string, readonly [readonly MessageCode[], (at: (name: string) => string) => void]>
  > = {
    'an empty configuration': [damagedFile, (at) => writeFileSync(at(`${own}/config.json`), '')],
    'a cut configuration': [damagedFile, (at) => writeFileSync(at(`${own}/config.json`), '{"format":1,')],
    'a configuration that is a list': [damagedFile, (at) => writeFileSync(at(`${own}/config.json`), '[1]')],
    'a configuration without a source': [
      ['device-without-source'],
      (at) => writeFileSync(at(`${own}/config.json`), '{"format":1}'),
    ],
    'a configuration of numbers': [
      damagedFile,
      (at) => writeFileSync(at(`${own}/config.json`), '{"format":1,"source":5}'),
    ],
    'a newer configuration': [
      ['device-file-newer'],
      (at) => writeFileSync(at(`${own}/config.json`), '{"format":9}'),
    ],
    'a configuration that is a folder': [
      ['system-call-failed'],
      (at) => {
        rmSync(at(`${own}/config.json`));
        mkdirSync(at(`${own}/config.json`));
      },
    ],
    'a source that is no address': [
      ['store-address-not-usable', 'repository-absent', 'store-not-found'],
      (at) => writeFileSync(at(`${own}/config.json`), '{"format":1,"source":"gopher://x"}'),
    ],
    'no configuration': [['device-without-source'], (at) => rmSync(at(`${own}/config.json`))],
    'trust of noise': [['trust-state-damaged'], (at) => writeFileSync(at(`${own}/trust/trusted`), 'noise')],
    'trust that is cut': [
      ['trust-state-damaged'],
      (at) =>
        writeFileSync(at(`${own}/trust/trusted`), readFileSync(at(`${own}/trust/trusted`)).subarray(0, 500)),
    ],
    'a boot pointer that climbs': [pointer, (at) => replaceBySymlink('../../../../etc', at('versions/boot'))],
    'a boot pointer to itself': [pointer, (at) => replaceBySymlink('configs/..', at('versions/boot'))],
    'a boot pointer that is a file': [
      pointer,
      (at) => {
        unlinkSync(at('versions/boot'));
        writeFileSync(at('versions/boot'), 'one');
      },
    ],
    'a current version elsewhere': [
      pointer,
      (at) =>
        replaceBySymlink(
          '/etc/one',
          at(`versions/configs/${readdirSync(at('versions/configs'))[0]}/current`),
        ),
    ],
    'a current version without a name': [
      pointer,
      (at) =>
        replaceBySymlink(
          '/versions/pristine/..',
          at(`versions/configs/${readdirSync(at('versions/configs'))[0]}/current`),
        ),
    ],
    'a running version that climbs': [pointer, (at) => symlinkSync('pristine/../..', at('versions/running'))],
    'a record of noise': [damagedFile, (at) => writeFileSync(at(`${own}/builds/one.json`), '{{{')],
    'a stream file of noise': [
      ['update-stream-wrong'],
      (at) => writeFileSync(at('security/update-stream'), '\u001b[2J../..\n'),
    ],
  };
  const mayGrow = [
    'lock',
    'trash-lock',
    'journal.json',
    'trust',
    'spool',
    'indexes',
    'usage',
    'links.json',
  ].map((name) => `${own}/${name}`);
  for (const [name, [codes, damage]] of Object.entries(cases))
    test(name, async () => {
      const { root, at } = device();
      damage(at);
      const except = mayGrow.filter((start) => !name.startsWith('trust') || !start.endsWith('trust'));
      const { stderr } = await unchanged([root], () => refused(['update', '--root', root], codes), except);
      assert.doesNotMatch(stderr, /\u001b/);
      // Whatever else is asked says a sentence too, and never a bug.
      for (const command of ['status', 'verify', 'rollback']) {
        const ran = await satchel([command, '--root', root, '--json']);
        assert.doesNotMatch(ran.stdout, /internal-error/, `${command}: ${ran.stdout}`);
        assert.doesNotMatch(ran.stderr, /\n\s+at /);
      }
    });

  test('a journal of noise or of a newer program keeps no device from being updated', async () => {
    for (const text of ['\0\0\0', '{"format":99}']) {
      const { root, at } = device();
      writeFileSync(at(`${own}/journal.json`), text);
      assert.equal((await succeed(['update', '--root', root])).build, 'two');
    }
  });

  test('a kept index that is damaged, a ledger of noise: repaired or told', async () => {
    for (const folder of ['indexes', 'ledgers']) {
      const { root, at } = device();
      for (const name of readdirSync(at(`${own}/${folder}`)))
        writeFileSync(at(`${own}/${folder}/${name}`), 'noise');
      const ran = await satchel(['update', '--root', root, '--json']);
      assert.doesNotMatch(ran.stdout, /internal-error/, ran.stdout);
      const repair = await satchel(['repair', '--root', root, '--json']);
      assert.equal(repair.code, 0, repair.stdout);
    }
  });
});

suite('a trap of symlinks: nothing outside of the root is written or deleted', { concurrency: 3 }, () => {
  for (const folder of [
    'versions',
    'versions/pristine',
    'versions/configs',
    'versions/contents',
    'versions/updates',
    own,
    `${own}/stage`,
    `${own}/spool`,
    `${own}/indexes`,
    `${own}/builds`,
    `${own}/ledgers`,
    `${own}/owed`,
    `${own}/trust`,
    `${own}/trust/targets`,
    `${own}/trash`,
  ])
    test(`${folder} leads outside`, async () => {
      const { root, at, outside } = device();
      const moved = path.join(outside, 'moved');
      mkdirSync(at(folder), { recursive: true });
      renameSync(at(folder), moved);
      symlinkSync(moved, at(folder));
      await unchanged([outside, root], async () => {
        for (const words of [['update'], ['repair'], ['purge'], ['rollback']])
          await refused([...words, '--root', root], 'device-folder-outside');
        const words = ['device', 'init', '--root', root, '--source', repo, '--trust-on-first-use'];
        await refused(words, 'device-folder-outside');
      });
    });

  const traps: Readonly<Record<string, (at: (name: string) => string, outside: string) => void>> = {
    'the new tree in the stage': (at, outside) => symlinkSync(outside, at(`${own}/stage/two`)),
    'the new tree in the stage, leading nowhere': (at, outside) =>
      symlinkSync(`${outside}/absent`, at(`${own}/stage/two`)),
    'the new version': (at, outside) => symlinkSync(outside, at('versions/pristine/two')),
    'the new version, leading nowhere': (at, outside) =>
      symlinkSync(`${outside}/absent`, at('versions/pristine/two')),
    'its manifest': (at, outside) => symlinkSync(`${outside}/file`, at('versions/contents/two')),
    'its record': (at, outside) => symlinkSync(`${outside}/file`, at(`${own}/builds/two.json`)),
    'its ledger': (at, outside) => symlinkSync(`${outside}/file`, at(`${own}/ledgers/two`)),
    'the journal': (at, outside) => replaceBySymlink(`${outside}/file`, at(`${own}/journal.json`)),
    'the lock': (at, outside) => replaceBySymlink(`${outside}/file`, at(`${own}/lock`)),
    'the floor of time': (at, outside) => replaceBySymlink(`${outside}/file`, at(`${own}/trust/floor`)),
    'pieces in the spool': (at, outside) => {
      for (const folder of ['packs', 'maps', 'indexes'])
        for (const file of readdirSync(path.join(repo, folder))) {
          const link = at(`${own}/spool/${path.parse(file).name}.0`);
          mkdirSync(path.dirname(link), { recursive: true });
          symlinkSync(`${outside}/file`, link);
        }
    },
    trash: (at, outside) => symlinkSync(outside, at(`${own}/trash/x`)),
    'a folder of the version that runs': (at, outside) =>
      replaceBySymlink(`${outside}/etc`, at('versions/pristine/one/etc')),
    'the version that runs': (at, outside) => {
      renameSync(at('versions/pristine/one'), `${outside}/one`);
      symlinkSync(`${outside}/one`, at('versions/pristine/one'));
      writeFileSync(`${outside}/one/etc/hostname`, 'changed\n');
    },
  };
  for (const [name, lay] of Object.entries(traps))
    test(name, async () => {
      const { root, at, outside } = device();
      lay(at, outside);
      const before = listing([outside]);
      for (const words of [['repair'], ['update'], ['repair', '--all'], ['purge'], ['rollback'], ['purge']]) {
        const ran = await satchel([...words, '--root', root, '--json']);
        assert.doesNotMatch(ran.stdout, /internal-error/, `${words}: ${ran.stdout}`);
        assert.doesNotMatch(ran.stderr, /\n\s+at /);
        assert.deepEqual(listing([outside]), before, `${words}: ${ran.stdout}${ran.stderr}`);
      }
    });
});

test('a directory that is no device, or no repository, is called so', async () => {
  const nothing = place.at('nothing');
  const file = place.write('file', 'text');
  for (const command of ['status', 'verify', 'rollback', 'purge'])
    await refused([command, '--root', nothing], 'device-not-initialised');
  await refused(['serve', '--repo', nothing, '--listen', '127.0.0.1:0'], 'repository-absent');
  for (const command of ['init', 'list', 'serve'])
    await refused([command, '--repo', file], 'repository-not-directory');
  await refused(
    ['device', 'init', '--root', nothing, '--source', repo, '--trust', 'HASH'],
    'trust-not-understood',
  );
  await refused(['device', 'set', '--root', place.at('template')], 'one-option-needed');
  assert.ok(!existsSync(nothing));
  assert.ok(!existsSync(`${file}.keys`));
});
