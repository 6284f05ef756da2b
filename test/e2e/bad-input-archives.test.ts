/** Archives that are wrong: `publish` refuses them with a sentence and leaves the repository as it was. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import type { MessageCode } from '../../src/base/catalogue.ts';
import { paxHeader, rawHeader, withContent } from '../../src/formats/tar.testkit.ts';
import { refused, satchel, succeed, unchanged, workspace } from './bad-input.testkit.ts';

const place = workspace('archives');
const repo = place.at('repo');
const end = Buffer.alloc(1024);
const noise = Buffer.from(Array.from({ length: 40 }, (_, i) => hash('sha512', `noise ${i}`)).join(''));

const file = (name: string, content = `content of ${name}\n`) =>
  withContent(rawHeader({ name, size: content.length }), content);
const directory = (name: string) => rawHeader({ name: `${name}/`, type: '5', mode: 0o755 });
const hardLink = (name: string, link: string) => rawHeader({ name, type: '1', link });
const symlink = (name: string, link: string) => rawHeader({ name, type: '2', link });
const archive = (...members: Buffer[]) => Buffer.concat([...members, end]);

/** A sound archive of several kinds of members. */
const sound = archive(
  directory('etc'),
  file('etc/hostname'),
  paxHeader({ mtime: '1700000000.123456789' }),
  file('etc/noise', noise.toString('latin1')),
  hardLink('etc/other', 'etc/hostname'),
  symlink('etc/link', 'hostname'),
);

function filtered(program: string, words: readonly string[], bytes: Buffer): Buffer {
  const { status, stdout } = spawnSync(program, [...words], { input: bytes, maxBuffer: 1 << 30 });
  assert.equal(status, 0, program);
  return stdout;
}

const formats = {
  tar: sound,
  gz: gzipSync(sound),
  bz2: filtered('bzip2', ['-c'], sound),
  xz: filtered('xz', ['-c'], sound),
  zst: zstdCompressSync(sound, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
} as const;

const damage: readonly MessageCode[] = [
  'compressed-truncated',
  'compressed-damaged',
  'compressed-garbage-after-end',
  'archive-not-tar',
  'archive-truncated',
  'archive-end-missing',
  'archive-header-damaged',
  'archive-length-uneven',
  'archive-data-after-end',
];

const publish = (source: string, ...more: string[]) => [
  'publish',
  '--repo',
  repo,
  '--name',
  'x',
  ...more,
  source,
];
const refusedQuietly = (
  words: readonly string[],
  codes: MessageCode | readonly MessageCode[],
  input?: Buffer,
) => unchanged([repo, `${repo}.keys`], () => refused(words, codes, input === undefined ? {} : { input }));

before(async () => {
  await succeed(['init', '--repo', repo]);
  await succeed(['publish', '--repo', repo, '--name', 'first', place.write('first.tar', sound)]);
});
after(() => place.remove());

suite('an archive that is cut', () => {
  for (const [ending, whole] of Object.entries(formats))
    test(`${ending}: at any place`, async () => {
      const places = [1, 5, Math.floor(whole.length / 2), whole.length - 700, whole.length - 1];
      for (const length of places) {
        const path = place.write(`cut.tar.${ending}`, whole.subarray(0, length));
        const { stderr } = await refusedQuietly(publish(path), damage);
        assert.ok(stderr.includes(path), stderr);
      }
    });

  test('at the border of two members, and before or within its end marker', async () => {
    const borders = [
      512,
      1536,
      sound.length - 1024,
      sound.length - 1023,
      sound.length - 512,
      sound.length - 1,
    ];
    for (const length of borders)
      await refusedQuietly(publish(place.write('border.tar', sound.subarray(0, length))), damage);
  });

  test('on standard input', async () => {
    const { stderr } = await refusedQuietly(publish('-'), damage, formats.gz.subarray(0, 300));
    assert.match(stderr, /publish -: /);
  });
});

suite('an archive with a flipped bit', () => {
  for (const ending of ['gz', 'bz2', 'xz', 'zst'] as const)
    test(`${ending}: is noticed`, async () => {
      const whole = formats[ending];
      for (const part of [0.1, 0.5, 0.97]) {
        const bytes = Buffer.from(whole);
        const at = Math.floor(whole.length * part);
        bytes[at] = (bytes[at] ?? 0) ^ 0x10;
        await refusedQuietly(publish(place.write(`flip.tar.${ending}`, bytes)), damage);
      }
    });

  test('in a tar header: is noticed', async () => {
    for (const at of [0, 100, 130, 150, 257]) {
      const bytes = Buffer.from(sound);
      bytes[512 + at] = (bytes[512 + at] ?? 0) ^ 0x04;
      await refusedQuietly(publish(place.write('flip.tar', bytes)), damage);
    }
  });

  test('anywhere, when an MD5 lies beside it', async () => {
    const bytes = Buffer.from(sound);
    bytes[1100] = (bytes[1100] ?? 0) ^ 1;
    place.write('M-tree.tar', bytes);
    place.write('M-tree.tar.md5', `${hash('md5', sound)}  M-tree.tar\n`);
    const { error } = await refusedQuietly(publish(place.at('M')), 'source-md5-wrong');
    assert.ok(error.message.includes(place.at('M-tree.tar')));
  });
});

suite('an archive of a tree that cannot be', () => {
  const cases: Readonly<Record<string, readonly [MessageCode | readonly MessageCode[], Buffer]>> = {
    'a hard link to what is not there': ['tree-link-missing', archive(file('a'), hardLink('b', 'nowhere'))],
    'a hard link out of the tree': [
      ['tree-path-escapes', 'tree-link-escapes'],
      archive(file('a'), hardLink('b', '../../etc/passwd')),
    ],
    'a hard link to an absolute path': [
      ['tree-path-escapes', 'tree-link-escapes', 'tree-link-missing'],
      archive(file('a'), hardLink('b', '/etc/passwd')),
    ],
    'a hard link to a directory': ['tree-link-to-directory', archive(directory('d'), hardLink('b', 'd'))],
    'a hard link to itself': ['tree-link-missing', archive(hardLink('b', 'b'))],
    'a member through a symlink': ['tree-through-symlink', archive(symlink('d', '/etc'), file('d/passwd'))],
    'a path with ..': ['tree-path-escapes', archive(file('a/../../b'))],
    'an absolute path': ['tree-path-escapes', archive(file('/etc/passwd'))],
    'an absolute path in a pax header': [
      'tree-path-escapes',
      archive(paxHeader({ path: '/etc/passwd' }), file('a')),
    ],
    'a .. in a long GNU name': [
      'tree-path-escapes',
      archive(
        withContent(rawHeader({ name: '././@LongLink', type: 'L', size: 11 }), '../escaped\0'),
        file('a'),
      ),
    ],
    'a member below a file': ['tree-parent-not-directory', archive(file('a'), file('a/b'))],
    'a root that is a file': [
      'tree-root-not-directory',
      archive(rawHeader({ name: './', type: '2', link: 'x' })),
    ],
    'a path too long to exist': [
      ['tree-path-impossible', 'archive-name-too-long'],
      archive(paxHeader({ path: 'x'.repeat(300) }), file('a')),
    ],
    'content without an end': [
      'archive-truncated',
      Buffer.concat([rawHeader({ name: 'a', size: 1 }), Buffer.alloc(1024)]).subarray(0, 1000),
    ],
    'a negative size': [
      ['archive-number-invalid', 'archive-header-damaged'],
      archive(rawHeader({ name: 'a', binary: { size: -5 } })),
    ],
    'a size beyond all disks': [
      ['archive-truncated', 'archive-number-invalid', 'archive-expands-too-much'],
      archive(rawHeader({ name: 'a', binary: { size: 2 ** 52 } })),
    ],
    'a pax header that promises more than it has': [
      'archive-extension-invalid',
      archive(withContent(rawHeader({ name: 'p', type: 'x', size: 20 }), '99 path=abc\n'), file('a')),
    ],
    'a pax header of a gigabyte': [
      'archive-extension-too-large',
      archive(rawHeader({ name: 'p', type: 'x', binary: { size: 2 ** 30 } }), file('a')),
    ],
  };
  for (const [name, [codes, bytes]] of Object.entries(cases))
    test(name, async () => {
      await refusedQuietly(publish(place.write('tree.tar', bytes)), codes);
    });

  test('the same path twice: the last wins, as tar has it, and it is said', async () => {
    const path = place.write('twice.tar', archive(file('a', 'one'), file('a', 'second')));
    const ran = await satchel(['publish', '--repo', repo, '--name', 'twice', path]);
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stderr, /twice|more than once|repeated/i);
    const shown = await succeed(['show', 'twice', '--repo', repo]);
    assert.match(JSON.stringify(shown), /"bytes":6\b/);
  });
});

suite('something that is no archive', () => {
  const cases: Readonly<Record<string, readonly [MessageCode | readonly MessageCode[], Buffer]>> = {
    'an empty file': ['archive-not-tar', Buffer.alloc(0)],
    'random bytes': ['archive-not-tar', noise],
    'text in gzip': ['archive-not-tar', gzipSync('hello')],
    'nothing in gzip': ['archive-not-tar', gzipSync('')],
    'a zip': ['archive-not-tar', Buffer.from('PK\x03\x04'.padEnd(2000, 'x'), 'latin1')],
    'garbage after gzip': [
      ['compressed-damaged', 'compressed-garbage-after-end'],
      Buffer.concat([formats.gz, noise.subarray(0, 100)]),
    ],
    'garbage after xz': [
      ['compressed-damaged', 'compressed-garbage-after-end'],
      Buffer.concat([formats.xz, noise]),
    ],
    'gzip in gzip': ['archive-not-tar', gzipSync(formats.gz)],
    'half a magic number': [damage, Buffer.from([0xfd, 0x37, 0x7a])],
  };
  for (const [name, [codes, bytes]] of Object.entries(cases))
    test(name, async () => {
      await refusedQuietly(publish(place.write('strange.tar', bytes)), codes);
    });
});

suite('a bomb', () => {
  const oneGibibyteOfZeros = async function* () {
    const piece = Buffer.alloc(1 << 20);
    yield rawHeader({ name: 'zeros', binary: { size: 2 ** 50 } });
    for (let i = 0; i < 1024; i += 1) yield piece;
  };
  const limit = 300 * 1024 * 1024;

  test('sparse: a file of many terabytes in one kilobyte is refused at once', async () => {
    const sparse = archive(
      paxHeader({
        'GNU.sparse.major': '1',
        'GNU.sparse.minor': '0',
        'GNU.sparse.name': 'huge',
        'GNU.sparse.realsize': String(2 ** 50),
      }),
      withContent(rawHeader({ name: 'huge', size: 512 }), '0\n'),
    );
    const { seconds, memory } = await refusedQuietly(publish(place.write('sparse.tar', sparse)), [
      'archive-expands-too-much',
      'archive-sparse-invalid',
    ]);
    assert.ok(seconds < 20, `${seconds} s`);
    assert.ok(memory < limit, `${memory} bytes`);
  });

  test('a stream that never holds what its header promises ends with its end', async () => {
    const { memory } = await unchanged([repo], () =>
      refused(publish('-'), ['archive-truncated', 'archive-expands-too-much'], {
        input: oneGibibyteOfZeros(),
      }),
    );
    assert.ok(memory < limit, `${memory} bytes`);
  });
});

suite('a source and its side files', () => {
  test('two builds with one name and different content', async () => {
    const path = place.write('other.tar', archive(file('other')));
    const words = ['publish', '--repo', repo, '--name', 'first', path];
    const { error } = await refusedQuietly(words, 'build-exists');
    assert.match(error.message, /first/);
  });

  test('contents of our own type that describe another tree', async () => {
    await succeed(['publish', '--repo', repo, '--name', 'sound', place.write('sound.tar', sound)]);
    const shown = JSON.stringify(await succeed(['show', 'sound', '--repo', repo]));
    const contents = [...shown.matchAll(/[0-9a-f]{64}/g)].map(([sha256]) =>
      place.at('repo', 'contents', sha256),
    );
    const { existsSync, readFileSync } = await import('node:fs');
    const manifest = readFileSync(contents.find((path) => existsSync(path)) ?? '', 'latin1');
    for (const [name, changed] of [
      ['another size', manifest.replace(/"size":\s*\d+/, '"size":1')],
      ['a line less', manifest.replace(/\n[^\n]*hostname[^\n]*\n/, '\n')],
      ['cut', manifest.slice(0, -20)],
    ] as const) {
      if (changed === manifest) continue;
      const path = place.write('changed.contents', changed);
      await refusedQuietly(publish(place.at('sound.tar'), '--contents', path), [
        'contents-do-not-match',
        'contents-damaged',
        'contents-invalid',
      ]);
      assert.ok(name);
    }
  });

  test('a list of MD5 sums that nobody can read', async () => {
    place.write('N-tree.tar', sound);
    for (const text of ['', 'nonsense', '\0\0\0', `${'0'.repeat(31)}  N-tree.tar\n`]) {
      place.write('N-tree.tar.md5', text);
      await refusedQuietly(publish(place.at('N')), 'source-md5-unreadable');
    }
  });

  test('a contents file that is not there', async () => {
    await refusedQuietly(publish(place.at('first.tar'), '--contents', place.at('nowhere')), [
      'source-not-found',
      'system-call-failed',
    ]);
  });
});
