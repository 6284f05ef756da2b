import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { buildFromSource, contentsOfSource } from './from-source.ts';
import { openSetFile, readSideFile } from './set-file.ts';
import { openSource, openUntrustedArchive } from './source.ts';
import { verifyMd5 } from './verify-md5.ts';

const scratch = scratchFolder('set-file');
after(() => scratch.remove());
const at = (name: string) => scratch.file(name);
writeFileSync(at('secret'), 'secret\n');
symlinkSync('secret', at('link'));
const noLinks = { noLinks: true };

test('a symlink is followed only where nobody else may write', () => {
  assert.equal(readSideFile(at('link'), 100).toString(), 'secret\n');
  assert.throws(() => readSideFile(at('link'), 100, noLinks), { code: 'source-is-link', exitCode: 1 });
  closeSync(openSetFile(at('secret'), noLinks));
  assert.throws(() => openSetFile(at('nothing'), noLinks), { code: 'system-call-failed' });
});

test('what is no regular file is refused there, and a pipe is not waited for', () => {
  mkdirSync(at('folder'));
  execFileSync('mkfifo', [at('pipe')]);
  for (const name of ['folder', 'pipe'])
    assert.throws(() => openSetFile(at(name), noLinks), { code: 'source-not-regular' }, name);
});

test('no file of an untrusted set is reached through a link, whichever it is and whenever it is read', async () => {
  const source = { kind: 'archive', path: at('secret'), ...noLinks } as const;
  const isLink = { code: 'source-is-link' };
  await assert.rejects(verifyMd5({ ...source, md5Path: at('link') }), isLink);
  writeFileSync(at('md5'), `${'0'.repeat(32)}  link\n`);
  await assert.rejects(verifyMd5({ ...source, path: at('link'), md5Path: at('md5') }), isLink);
  assert.throws(() => contentsOfSource({ ...source, contentsPath: at('link') }), isLink);
  const sink = { put: () => assert.fail() } as unknown as Parameters<typeof buildFromSource>[1];
  await assert.rejects(buildFromSource({ ...source, path: at('link') }, sink), isLink);

  writeFileSync(at('P-tree.tar'), '');
  symlinkSync('secret', at('P.name'));
  const trusted = openSource(at('P-tree.tar'));
  assert.equal(trusted.kind === 'archive' && trusted.publishedName, 'secret');
  assert.throws(() => openUntrustedArchive(at('P-tree.tar')), isLink);
});
