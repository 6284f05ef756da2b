/**
 * satchel-lite killed by SIGKILL after each of its renames and removals, one after the other, on both disk layouts: at
 * every moment the machine starts a version that is whole, and the next run brings the update to its end.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assertSameTree } from '../doubles/same-tree.ts';
import { type LiteShell, liteShells, startLite } from '../doubles/satchel-lite.ts';
import { done, pristine } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { isRoot } from '../doubles/story-trees.ts';

const scratch = scratchFolder('lite-crash');
const repository = scratch.file('repository');
const source = scratch.file('source');
const [dash] = liteShells(scratch.path) as [LiteShell, ...LiteShell[]];
const skip = isRoot ? false : 'only root can give files their owners';
const tree = (version: number) => scratch.file(`tree-${version}`);

/** A version of a few files, published and offered. */
async function publish(version: number): Promise<void> {
  const build = `os-${version}`;
  mkdirSync(join(tree(version), 'boot'), { recursive: true });
  writeFileSync(join(tree(version), 'boot/kernel'), `kernel ${version}\n`);
  writeFileSync(join(tree(version), 'same'), 'the same\n');
  writeFileSync(join(tree(version), `only-in-${version}`), '');
  await done([
    'publish',
    '--repo',
    repository,
    '--name',
    build,
    '--clamp-mtime',
    '2020-01-01',
    tree(version),
  ]);
  spawnSync('find', [tree(version), '-exec', 'touch', '-d', '2020-01-01T00:00:00Z', '{}', '+']);
  mkdirSync(join(source, `build-${build}`), { recursive: true });
  assert.equal(spawnSync('cp', ['-a', tree(version), join(source, `build-${build}/root`)]).status, 0);
  const { builds } = await done<{ builds: readonly { name: string; contentsHash: string }[] }>([
    'list',
    '--repo',
    repository,
  ]);
  const hash = builds.find(({ name }) => name === build)?.contentsHash ?? '';
  cpSync(join(repository, 'contents', hash), join(source, `build-${build}/contents`));
}

/** Programs that do what they do, and then kill the shell that called them if it was the call to die at. */
function deadly(folder: string): void {
  mkdirSync(folder);
  for (const name of ['mv', 'rm', 'ln']) {
    const real = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
    const script = `#!/bin/sh
${real} "$@"
code=$?
count=$(cat "$CRASH_COUNT")
echo $((count + 1)) >"$CRASH_COUNT"
[ "$count" != "$CRASH_AT" ] || kill -9 $PPID
exit $code
`;
    writeFileSync(join(folder, name), script, { mode: 0o755 });
  }
}

before(async () => {
  if (!isRoot) return;
  await done(['init', '--repo', repository]);
  await done(['keys', 'create', 'lite', '--repo', repository]);
  await publish(1);
  cpSync(join(repository, 'lite'), scratch.file('lite-1'), { recursive: true });
  await publish(2);
  cpSync(join(repository, 'lite'), scratch.file('lite-2'), { recursive: true });
  deadly(scratch.file('deadly'));
});
after(() => scratch.remove());

function offer(version: number): void {
  rmSync(join(source, 'lite'), { recursive: true, force: true });
  cpSync(scratch.file(`lite-${version}`), join(source, 'lite'), { recursive: true });
}

/** The version that starts next; its boot files are checked where they are a copy. */
function startsNext(root: string): string {
  const boot = join(root, 'bootpart/boot');
  if (existsSync(join(root, 'bootpart'))) {
    const build = basename(readlinkSync(boot));
    assert.equal(readFileSync(join(boot, 'kernel'), 'utf8'), `kernel ${build.slice(3)}\n`);
    return build;
  }
  return basename(readlinkSync(join(root, 'versions', readlinkSync(join(root, 'versions/boot')), 'current')));
}

describe('satchel-lite is killed after each of its steps', { skip }, () => {
  for (const layout of ['one partition', 'a boot partition']) {
    test(`on a machine with ${layout}`, async () => {
      const first = scratch.file(layout.replaceAll(' ', '-'));
      mkdirSync(layout === 'a boot partition' ? join(first, 'bootpart/boot-versions') : first, {
        recursive: true,
      });
      const must = async (root: string, ...words: string[]) => {
        const { code, stderr } = await startLite(dash, [...words, '--root', root]).ended;
        assert.equal(code, 0, stderr);
      };
      await must(first, 'init', '--source', source, '--key', `${repository}.keys/lite.public`);
      offer(1);
      await must(first, 'update');
      symlinkSync('pristine/os-1', join(first, 'versions/running'));
      offer(2);
      const seen = new Set<string>();
      for (let at = 0; ; at += 1) {
        assert.ok(at < 200, 'it comes to an end');
        const root = `${first}-${at}`;
        assert.equal(spawnSync('cp', ['-a', first, root]).status, 0);
        const count = scratch.file('count');
        writeFileSync(count, '0\n');
        const environment = {
          PATH: `${scratch.file('deadly')}:${dash.path}`,
          CRASH_COUNT: count,
          CRASH_AT: `${at}`,
        };
        const { code } = await startLite(dash, ['update', '--root', root], environment).ended;
        const next = startsNext(root);
        seen.add(next);
        assertSameTree(pristine(root, next), tree(Number(next.slice(3))));
        assertSameTree(pristine(root, 'os-1'), tree(1));
        if (code === 0) break;
        await must(root, 'update');
        assert.equal(startsNext(root), 'os-2');
        assertSameTree(pristine(root, 'os-2'), tree(2));
        assertSameTree(pristine(root, 'os-1'), tree(1));
        rmSync(root, { recursive: true });
      }
      assert.deepEqual([...seen].sort(), ['os-1', 'os-2']);
    });
  }
});
