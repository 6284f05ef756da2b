/**
 * Runs every test, or those that the words after `npm test --` choose: a word with a slash or `.ts` is a file or
 * folder, any other a pattern for test names. No test at all is a failure; so is a skipped one when CI runs as
 * root, because there nothing may be missing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { relative } from 'node:path';
import process from 'node:process';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { formatSeconds } from '../src/base/units.ts';
import { nobody, readableCheckout } from '../test/doubles/readable-checkout.ts';

/** Longest that one test file may take, in milliseconds: a test that hangs must not hang the whole run. */
const fileLimit = 15 * 60 * 1000;

const words = process.argv.slice(2);
const isPlace = (word: string) => word.includes('/') || word.endsWith('.ts') || existsSync(word);
const places = words.filter(isPlace);
const patterns = words.filter((word) => !isPlace(word));
const files = testFiles(places);

// Whole stories take longest: they go first, so that the last minutes do not belong to one processor.
files.sort((a, b) => Number(b.startsWith('test/')) - Number(a.startsWith('test/')) || (a < b ? -1 : 1));
prepareEnvironment();

const started = performance.now();
/** Tests that were skipped: where, and why. */
const skipped: { readonly name: string; readonly file: string; readonly why: string }[] = [];
let count = 0;
let failed = files.length === 0;

const stream = run({
  files,
  concurrency: availableParallelism(),
  timeout: fileLimit,
  ...(patterns.length > 0 ? { testNamePatterns: patterns } : {}),
});
stream.on('test:pass', ({ name, file, skip }) => {
  if (skip !== undefined && skip !== false) skipped.push({ name, file: file ?? '?', why: String(skip) });
});
stream.on('test:fail', () => {
  failed = true;
});
stream.on('test:summary', ({ file, counts, success }) => {
  failed ||= !success;
  // A file without tests counts as one in the total of the run, so the files are added up here.
  if (file !== undefined) count += counts.tests;
});
stream.compose(new spec()).pipe(process.stdout);
stream.on('end', () => setImmediate(finish));

function finish(): void {
  const missing = process.getuid?.() === 0 ? withoutOrdinaryUser() : skipped;
  for (const { name, file, why } of missing) console.log(`skipped: ${name} (${file}): ${why}`);
  if (count === 0) console.log('No test was run: that counts as a failure.');
  const nothingMayBeMissing = process.env.CI !== undefined && process.getuid?.() === 0;
  if (nothingMayBeMissing && missing.length > 0) console.log('CI skips nothing: that counts as a failure.');
  console.log(`${count} tests in ${formatSeconds((performance.now() - started) / 1000)}`);
  process.exitCode = failed || count === 0 || (nothingMayBeMissing && missing.length > 0) ? 1 : 0;
}

/** Runs as the user nobody what root had to skip; the answer is what was skipped for other reasons. */
function withoutOrdinaryUser(): typeof skipped {
  const forOthers = skipped.filter(({ why }) => /\broot\b/.test(why));
  if (forOthers.length > 0) {
    using checkout = readableCheckout();
    const files = [...new Set(forOthers.map(({ file }) => relative(process.cwd(), file)))];
    console.log(`As the user nobody: ${files.join(' ')}`);
    // Node.js itself may lie in the checkout that others cannot read.
    const node = process.execPath.replace(process.cwd(), checkout.path);
    const { status, error } = spawnSync(node, ['--test', ...files], {
      cwd: checkout.path,
      uid: nobody,
      gid: nobody,
      stdio: 'inherit',
      env: { ...process.env, HOME: '/nonexistent', NODE_COMPILE_CACHE: '' },
    });
    if (error) console.log(String(error));
    failed ||= status !== 0;
  }
  return skipped.filter((test) => !forOthers.includes(test));
}

function testFiles(chosen: readonly string[]): string[] {
  if (chosen.length === 0) return globSync(['src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts']);
  return chosen.flatMap((place) => {
    const isFolder = statSync(place, { throwIfNoEntry: false })?.isDirectory() === true;
    return globSync(isFolder ? `${place.replace(/\/+$/, '')}/**/*.test.ts` : place);
  });
}

/** The same on every machine: language, time zone, and nothing that stands in for options. */
function prepareEnvironment(): void {
  for (const name of ['SATCHEL_REPO', 'SATCHEL_ROOT', 'SATCHEL_SOURCE', 'SATCHEL_DEBUG', 'LC_MESSAGES'])
    delete process.env[name];
  process.env.SATCHEL_LANG = 'en';
  process.env.LC_ALL = 'C.UTF-8';
  process.env.TZ = 'UTC';
  process.env.PATH = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;
  process.env.NODE_COMPILE_CACHE ??= new URL(
    '../node_modules/.cache/satchel/compiled',
    import.meta.url,
  ).pathname;
}
