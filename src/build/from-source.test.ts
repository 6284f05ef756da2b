import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ContentSink } from './content-sink.ts';
import type { IndexEntry } from './entry.ts';
import { buildFromSource, contentsOfSource } from './from-source.ts';
import { openSource } from './source.ts';
import { verifyMd5 } from './verify-md5.ts';

let folder = '';
let expected: IndexEntry[] = [];
const at = (name: string) => join(folder, name);
const nowhere: ContentSink = { add: () => undefined };
const programs = { gz: 'gzip', bz2: 'bzip2', xz: 'xz', lzma: 'xz --format=lzma', zst: 'zstd' } as const;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'satchel-from-'));
  mkdirSync(at('tree/etc'), { recursive: true });
  writeFileSync(at('tree/etc/issue'), 'hello\n');
  writeFileSync(at('tree/large'), Buffer.alloc(2_000_000, 'satchel'));
  execFileSync('tar', ['--format=pax', '--numeric-owner', '-C', at('tree'), '-cf', at('P-tree.tar'), '.']);
  writeFileSync(at('P.contents'), 'opaque bytes');
  expected = await buildFromSource(openSource(at('tree')), nowhere);
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('a set of files gives the same build as its directory, in every compression', async (context) => {
  assert.deepEqual(await buildFromSource(openSource(at('P-tree.tar')), nowhere), expected);
  for (const [ending, program] of Object.entries(programs)) {
    const name = `Q-tree.tar.${ending}`;
    try {
      execFileSync('sh', ['-c', `command -v ${program.split(' ')[0]}`], { stdio: 'ignore' });
    } catch {
      context.diagnostic(`${program} is not installed: .${ending} not tried`);
      continue;
    }
    execFileSync('sh', ['-ec', `${program} -c < "$1" > "$2"`, 'sh', at('P-tree.tar'), at(name)]);
    assert.deepEqual(await buildFromSource(openSource(at(name)), nowhere), expected, ending);
  }
});

test('a tar on standard input gives the same build', async () => {
  const standardInput = (async function* () {
    yield readFileSync(at('P-tree.tar'));
  })();
  assert.deepEqual(await buildFromSource(openSource('-'), nowhere, { standardInput }), expected);
});

test('a pipe gives the same build', async () => {
  execFileSync('sh', ['-ec', 'mkfifo "$1"; cat "$2" > "$1" &', 'sh', at('pipe'), at('P-tree.tar')], {
    stdio: 'ignore',
  });
  assert.deepEqual(await buildFromSource(openSource(at('pipe')), nowhere), expected);
});

test('the manifest that came with an archive is carried byte for byte', () => {
  assert.equal(Buffer.from(contentsOfSource(openSource(at('P')))!).toString(), 'opaque bytes');
  assert.equal(contentsOfSource(openSource(at('tree'))), undefined);
});

test('a file that is no archive is refused', async () => {
  writeFileSync(at('text'), 'this is not an archive\n'.repeat(100));
  await assert.rejects(buildFromSource(openSource(at('text')), nowhere), { name: 'SatchelError' });
});

const md5Of = (name: string) =>
  createHash('md5')
    .update(readFileSync(at(name)))
    .digest('hex');

test('the MD5 beside an archive is checked, and nothing is checked without one', async () => {
  rmSync(at('P-tree.tar.md5'), { force: true });
  assert.equal(await verifyMd5(openSource(at('P'))), false);
  assert.equal(await verifyMd5(openSource(at('tree'))), false);
  assert.equal(await verifyMd5(openSource('-')), false);
  writeFileSync(at('P-tree.tar.md5'), `${md5Of('P-tree.tar')}  P-tree.tar\n`);
  assert.equal(await verifyMd5(openSource(at('P'))), true);
});

test('an archive whose MD5 is another is refused with both', async () => {
  const wrong = 'd41d8cd98f00b204e9800998ecf8427e';
  writeFileSync(at('P-tree.tar.md5'), `${wrong}  P-tree.tar\n`);
  await assert.rejects(verifyMd5(openSource(at('P'))), {
    code: 'source-md5-wrong',
    parameters: {
      path: at('P-tree.tar'),
      md5Path: at('P-tree.tar.md5'),
      found: md5Of('P-tree.tar'),
      expected: wrong,
    },
  });
});

test('the only hash of a list counts although the archive has been renamed since', async () => {
  writeFileSync(at('P-tree.tar.md5'), `${md5Of('P-tree.tar')}  other-name.tar\n`);
  assert.equal(await verifyMd5(openSource(at('P'))), true);
});

test('a list that does not tell the archive is refused', async () => {
  const line = `${md5Of('P-tree.tar')}  one\n`;
  for (const text of ['', 'nonsense', line + line.replace('one', 'two')]) {
    writeFileSync(at('P-tree.tar.md5'), text);
    await assert.rejects(verifyMd5(openSource(at('P'))), { code: 'source-md5-unreadable' });
  }
});

test('a stop is heeded while the MD5 is computed', async () => {
  writeFileSync(at('P-tree.tar.md5'), `${md5Of('P-tree.tar')}  P-tree.tar\n`);
  await assert.rejects(verifyMd5(openSource(at('P')), { signal: AbortSignal.abort() }), {
    code: 'cancelled',
  });
});

test('an archive that cannot be read any more is told with its path', async () => {
  const source = openSource(at('P'));
  renameSync(at('P-tree.tar'), at('moved'));
  try {
    await assert.rejects(buildFromSource(source, nowhere), (error: Error) =>
      error.message.includes(at('P-tree.tar')),
    );
  } finally {
    renameSync(at('moved'), at('P-tree.tar'));
  }
});
