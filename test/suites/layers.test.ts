/** The shape of the source tree: who may import whom, and no circles. */
import assert from 'node:assert/strict';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const checkout = path.resolve(import.meta.dirname, '../..');

/** The folders of src/ from the ground up: each imports only from itself and from those before it. */
const layers = [
  'base',
  'os',
  'formats',
  'build',
  'store',
  'pack',
  'delta',
  'trust',
  'repository',
  'plan',
  'lease',
  'advice',
  'device',
  'activities',
  'agent',
  'rsync',
  'fleet',
  'site',
  'server',
  'cli',
];

type SourceFile = { readonly file: string; readonly text: string; readonly imports: readonly string[] };

const sources: readonly SourceFile[] = globSync('src/**/*.ts', { cwd: checkout }).map((file) => {
  const text = readFileSync(path.join(checkout, file), 'utf8');
  return { file, text, imports: importsOf(text).map((target) => resolveFrom(file, target)) };
});

/** Every module that a file names: static and dynamic imports, imports of types, and re-exports. */
function importsOf(text: string): string[] {
  const code = text.replace(/^\s*(?:\/?\*|\/\/).*$/gm, '');
  const pattern = /(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])([^'"\n]+)\1/g;
  return [...code.matchAll(pattern)].map((match) => match[2]!);
}

function resolveFrom(file: string, target: string): string {
  return target.startsWith('.') ? path.join(path.dirname(file), target) : target;
}

const folderOf = (file: string) => file.split('/')[1]!;
const isTest = (file: string) => file.endsWith('.test.ts');

test('every folder of src/ has its place among the layers, and src/ holds nothing but folders', () => {
  for (const entry of readdirSync(path.join(checkout, 'src'), { withFileTypes: true })) {
    assert.ok(entry.isDirectory(), `src/${entry.name} is not a folder`);
    assert.ok(layers.includes(entry.name), `src/${entry.name} has no place in the list of layers`);
  }
});

test('a folder imports only from itself and from the layers before it', () => {
  const wrong: string[] = [];
  for (const { file, imports } of sources) {
    for (const target of imports) {
      const allowed = target.startsWith('src/')
        ? layers.indexOf(folderOf(target)) <= layers.indexOf(folderOf(file))
        : !/^(?:\.\.|bench|scripts)\//.test(target) && (isTest(file) || !target.startsWith('test/'));
      if (!allowed) wrong.push(`${file} imports ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('no file imports itself in a circle', () => {
  const graph = new Map(sources.map(({ file, imports }) => [file, imports]));
  const finished = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    if (trail.includes(file)) {
      circles.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
      return;
    }
    if (finished.has(file)) return;
    for (const target of graph.get(file) ?? []) visit(target, [...trail, file]);
    finished.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  assert.deepEqual(circles, []);
});

test('nothing is exported as the default', () => {
  const wrong = sources.filter(({ text }) => /^export\s+(?:default\b|\{[^}]*\bas default\b)/m.test(text));
  assert.deepEqual(
    wrong.map(({ file }) => file),
    [],
  );
});

test('the program never loads test code', () => {
  const wrong = sources.filter(
    ({ file, imports }) => !isTest(file) && imports.some((target) => isTest(target)),
  );
  assert.deepEqual(
    wrong.map(({ file }) => file),
    [],
  );
});
