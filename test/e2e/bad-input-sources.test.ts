/** Sources and words of `publish` that are wrong: refused with a sentence, the repository as it was. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { MessageCode } from '../../src/base/catalogue.ts';
import { nobody, readableCheckout } from '../doubles/readable-checkout.ts';
import { refused, satchel, succeed, unchanged, workspace } from './bad-input.testkit.ts';

const place = workspace('sources');
const repo = place.at('home', 'repo');
const tree = place.at('tree');
const isRoot = process.getuid?.() === 0;

const publish = (source: string, ...more: string[]) => [
  'publish',
  '--repo',
  repo,
  '--name',
  'x',
  ...more,
  source,
];
const refusedQuietly = (words: readonly string[], codes: MessageCode | readonly MessageCode[]) =>
  unchanged([repo, `${repo}.keys`], () => refused(words, codes));

before(async () => {
  mkdirSync(place.at('home'));
  place.write('tree/etc/hostname', 'name\n');
  await succeed(['init', '--repo', repo]);
  await succeed(['publish', '--repo', repo, '--name', 'first', tree]);
});
after(() => place.remove());

suite('words that are off end with code 2 and touch nothing', () => {
  const cases: Readonly<Record<string, readonly [MessageCode | readonly MessageCode[], readonly string[]]>> =
    {
      'a name with a slash': ['name-not-allowed', ['--name', '../x', tree]],
      'a name with a space': ['name-not-allowed', ['--name', 'a b', tree]],
      'an empty name': ['name-not-allowed', ['--name', '', tree]],
      'a name that is a place': ['name-not-allowed', ['--name', '..', tree]],
      'a name that begins with a dot': ['name-not-allowed', ['--name', '.hidden', tree]],
      'a name that is an option': ['name-not-allowed', ['--name', '-x', tree]],
      'a name of 65 characters': ['name-not-allowed', ['--name', 'x'.repeat(65), tree]],
      'a name that hides its end': ['name-not-allowed', ['--name', 'a\u001b[2Jb', tree]],
      'a stream outside the alphabet': ['name-not-allowed', ['--stream', 'a/b', tree]],
      'a contents hash that is none': ['hash-not-understood', ['--contents-hash', 'abc', tree]],
      'a contents hash with a letter too many': [
        'hash-not-understood',
        ['--contents-hash', 'a'.repeat(65), tree],
      ],
      'a date that is none': ['date-not-understood', ['--clamp-mtime', 'yesterday', tree]],
      'the 30th of February': ['date-not-understood', ['--clamp-mtime', '2024-02-30', tree]],
      'a version that is none': ['version-not-understood', ['--minimum-client', '1.x', tree]],
      'no source': ['argument-needed', []],
      'two sources': ['argument-unexpected', [tree, tree]],
      'an option that does not exist': [
        ['option-unknown', 'option-unknown-similar' as MessageCode],
        ['--nmae', 'x', tree],
      ],
      'a source that is not there': ['source-not-found', [place.at('nowhere')]],
    };
  for (const [name, [codes, words]] of Object.entries(cases))
    test(name, async () => {
      const { code, stderr } = await refusedQuietly(['publish', '--repo', repo, ...words], codes);
      assert.ok(code === 2 || code === 3, stderr);
      assert.doesNotMatch(stderr, /\u001b/);
    });

  test('sizes, rates and times of other commands', async () => {
    for (const [words, code] of [
      [['update', '--root', tree, '--max-bytes', 'many'], 'size-not-understood'],
      [['update', '--root', tree, '--limit-rate', '0'], 'rate-not-understood'],
      [['update', '--root', tree, '--timeout', '0'], 'timeout-out-of-range'],
      [['update', '--root', tree, '--timeout', 'soon'], 'duration-not-understood'],
      [['update', '--root', tree, '--stream', 'a b'], 'name-not-allowed'],
      [['update', '--root', tree, 'a/b'], 'name-not-allowed'],
      [['check', '--root', tree, '--source', 'ftp://host'], 'source-not-understood'],
      [['serve', '--repo', repo, '--listen', 'host:99999'], 'address-not-understood'],
      [['prune', '--repo', repo, '--grace', 'long'], 'duration-not-understood'],
      [['show', '--repo', repo, '../../etc'], 'name-not-allowed'],
    ] as const) {
      const { code: exit } = await unchanged([repo, tree], () => refused(words, code));
      assert.equal(exit, 2);
    }
  });
});

suite('sources that must not be published', () => {
  test('a directory that holds the repository, its keys, or is one of them', async () => {
    for (const source of [place.at('home'), repo, `${repo}.keys`, `${repo}.keys/offline`, '/']) {
      const { error } = await refusedQuietly(publish(source), 'source-holds-folder');
      assert.match(error.message, /keys/);
    }
    symlinkSync(place.at('home'), place.at('sideways'));
    await refusedQuietly(publish(place.at('sideways')), 'source-holds-folder');
  });

  test('a repository that is none', async () => {
    place.write('other/file', 'x');
    for (const target of [place.at('absent'), place.at('other')]) {
      await unchanged([place.directory], () =>
        refused(['publish', '--repo', target, '--name', 'x', tree], 'repository-absent'),
      );
    }
    assert.ok(!existsSync(place.at('absent')));
  });

  test('a device node and a socket', async () => {
    await refusedQuietly(publish('/dev/null'), 'archive-not-tar');
    await refusedQuietly(publish('/dev/zero'), ['archive-padding-too-long']);
  });

  test('nothing at all', async () => {
    mkdirSync(place.at('empty'));
    await refusedQuietly(publish(place.at('empty')), 'source-empty');
    await refusedQuietly(publish(place.write('empty.tar', new Uint8Array(10_240))), 'source-empty');
  });

  test('a fifo that gives nothing', async () => {
    const fifo = place.at('fifo');
    assert.equal(spawnSync('mkfifo', [fifo]).status, 0);
    const writer = import('node:fs/promises').then(({ writeFile }) => writeFile(fifo, ''));
    await refusedQuietly(publish(fifo), 'archive-not-tar');
    await writer;
  });

  test('what this user may not read', {
    skip: isRoot ? false : 'only root can become another user',
  }, async () => {
    using checkout = readableCheckout();
    const asNobody = { user: nobody, program: join(checkout.path, 'satchel') };
    const own = place.at('own', 'repo');
    mkdirSync(place.at('own'));
    chmodSync(place.directory, 0o755);
    spawnSync('chown', [String(nobody), place.at('own')]);
    const made = await satchel(['init', '--repo', own, '--json'], asNobody);
    assert.equal(made.code, 0, made.stderr);
    const secret = place.write('secret.tar', 'x');
    chmodSync(secret, 0o600);
    place.write('half/open', 'x');
    place.write('half/closed', 'x');
    chmodSync(place.at('half', 'closed'), 0);
    for (const source of [secret, place.at('half')]) {
      const { error } = await unchanged([own, `${own}.keys`], () =>
        refused(['publish', '--repo', own, '--name', 'x', source], 'permission-denied', asNobody),
      );
      assert.match(error.message, /secret\.tar|closed/);
    }
    const { error } = await refused(
      ['publish', '--repo', repo, '--name', 'x', tree],
      'permission-denied',
      asNobody,
    );
    assert.match(error.message, /keys|repo/);
  });

  test('a directory that changes while it is read', async () => {
    const changing = place.at('changing');
    for (let i = 0; i < 3000; i += 1) place.write(`changing/d${i % 50}/f${i}`, `${i}`.repeat(2000));
    // Files grow and vanish from behind, where the reader comes last.
    const vanish = (async () => {
      for (let round = 0; round < 60; round += 1) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        for (let i = 0; i < 50; i += 1) {
          rmSync(place.at('changing', 'd9', `f${9 + 50 * i}`), { force: true });
          writeFileSync(place.at('changing', 'd8', 'f8'), `${round}-${i}`.repeat(50_000));
        }
      }
    })();
    const ran = await unchanged([repo, `${repo}.keys`], () =>
      satchel(['publish', '--repo', repo, '--name', 'changed', '--json', changing, '--stream', 'none']),
    ).catch((error: unknown) => error);
    await vanish;
    // Whoever is faster wins; a publication that met the change says so, one that did not is whole.
    if (ran instanceof Error) return;
    const { code, stdout } = ran as Awaited<ReturnType<typeof satchel>>;
    assert.equal(code, 1, stdout);
    assert.equal(JSON.parse(stdout).error.code, 'tree-changed-while-read');
  });
});
