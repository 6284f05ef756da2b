import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { needsRoot } from '../formats/gnu-tar.testkit.ts';
import { prepareLayer } from './carry-over.ts';
import { emptyDevice, installVersion, type PathSpec } from './device.fixture.ts';
import { layerOf } from './layers.ts';
import { readInLayer, runInLayer } from './local-overlay.testkit.ts';

const places = ['a', 'a/b', 'a/b/c', 'a/d', 'e', 'e/f', 'e/g', 'h'];
const place = fc.constantFrom(...places);

/** One thing that somebody does; what cannot be done at that moment does nothing. */
const doing = fc.oneof(
  place.map((path) => `echo own >> ${path}`),
  place.map((path) => `rm -rf ${path}`),
  place.map((path) => `rm -rf ${path}; mkdir -p ${path}`),
  place.map((path) => `rm -rf ${path}; echo file > ${path}`),
  place.map((path) => `chmod 750 ${path}`),
  fc.tuple(place, place).map(([from, to]) => `mv -T ${from} ${to}`),
  fc.tuple(place, place).map(([from, to]) => `cp -aT ${from} ${to}`),
  fc.tuple(place, place).map(([from, to]) => `ln -sfT ${from} ${to}`),
  fc.tuple(place, place).map(([from, to]) => `ln -fT ${from} ${to}`),
);
const doings = fc.array(doing, { minLength: 1, maxLength: 6 });
const scriptOf = (lines: readonly string[]) =>
  lines.map((line) => `{ ${line}; } 2>/dev/null || :`).join('\n');

/** A small version: some of the places, each a folder or a file. */
const versions = fc.array(fc.constantFrom('folder', 'one\n', 'two\n', undefined), {
  minLength: places.length,
  maxLength: places.length,
});

function treeOf(kinds: readonly (string | undefined)[]): Record<string, PathSpec> {
  const tree: Record<string, PathSpec> = {};
  for (const [number, path] of places.entries()) {
    const kind = kinds[number];
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    const isFolder = (name: string) =>
      typeof tree[name] === 'object' && 'directory' in (tree[name] as object);
    if (kind === undefined || (parent !== '' && !isFolder(parent))) continue;
    tree[path] = kind === 'folder' ? { directory: true } : kind;
  }
  return tree;
}

/** Everything that people see of a tree but times; folders say nothing of their size. */
const seen = `find . -mindepth 1 | LC_ALL=C sort | while read -r path; do
  stat -c '%n %F %a %u %g' "$path" | sed 's/regular empty file/regular file/'
  if [ -L "$path" ]; then readlink "$path"; elif [ -f "$path" ]; then cat "$path"; fi
done`;

async function carried(
  context: Parameters<typeof emptyDevice>[0],
  {
    old,
    next,
    lines,
    policy,
  }: {
    old: Record<string, PathSpec>;
    next: Record<string, PathSpec>;
    lines: readonly string[];
    policy: string;
  },
) {
  const layout = emptyDevice(context);
  const settings = (tree: Record<string, PathSpec>) => ({
    ...tree,
    etc: { directory: true } as const,
    'etc/satchel': { directory: true } as const,
    'etc/satchel/carry.conf': policy,
  });
  const a = await installVersion(layout, 'a', settings(old));
  const b = await installVersion(layout, 'b', settings(next));
  runInLayer(layout, a, scriptOf(lines));
  await prepareLayer({ layout, from: a.name, to: b.name });
  const result = {
    before: readInLayer(layout, a, seen),
    after: readInLayer(layout, b, seen),
    marks: runInLayer(
      layout,
      b,
      `getfattr -Rhd -m trusted.overlay ${layerOf(layout, b.name).upper} 2>/dev/null || :`,
    ),
  };
  rmSync(layout.root, { recursive: true });
  return result;
}

for (const rule of ['keep', 'merge'])
  test(`over a version that is the same, "${rule}" gives the same tree, whatever was done`, {
    skip: needsRoot,
  }, async (context) => {
    await fc.assert(
      fc.asyncProperty(versions.map(treeOf), doings, async (old, lines) => {
        const { before, after } = await carried(context, { old, next: old, lines, policy: `${rule} /\n` });
        assert.equal(after, before);
      }),
      { numRuns: 12 },
    );
  });

test('left behind, nothing of the user hides anything of another version', {
  skip: needsRoot,
}, async (context) => {
  await fc.assert(
    fc.asyncProperty(versions.map(treeOf), versions.map(treeOf), doings, async (old, next, lines) => {
      const { after } = await carried(context, { old, next, lines, policy: 'drop /\n' });
      const { after: pure } = await carried(context, { old, next, lines: [':'], policy: 'drop /\n' });
      assert.equal(after, pure);
    }),
    { numRuns: 8 },
  );
});

test('whatever was done, carrying over to another version goes through and what is new there shows', {
  skip: needsRoot,
}, async (context) => {
  await fc.assert(
    fc.asyncProperty(
      versions.map(treeOf),
      versions.map(treeOf),
      doings,
      fc.constantFrom('keep', 'merge'),
      async (old, next, lines, rule) => {
        const fresh = { ...next, z: { directory: true } as const, 'z/new': 'new\n' };
        const { after, marks } = await carried(context, { old, next: fresh, lines, policy: `${rule} /\n` });
        assert.match(after, /^\.\/z\/new regular file/m);
        assert.doesNotMatch(marks, /trusted\.overlay\.opaque/);
        if (rule === 'keep') return;
        // Of a file that the user never had, nobody can have wanted another version.
        for (const [path, spec] of Object.entries(next))
          if (!(path in old) && !lines.join(' ').includes(path.slice(0, 1)) && typeof spec === 'string')
            assert.ok(after.includes(`./${path} regular file`), path);
      },
    ),
    { numRuns: 20 },
  );
});
