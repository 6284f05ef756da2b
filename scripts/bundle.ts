/**
 * Makes the folder `dist/` (or the one that is named): the program in a few files that start much faster than the
 * sources do, with a launcher, the native package and the licences of all that is inside.
 *
 *   node scripts/bundle.ts [FOLDER]
 *
 * The files are CommonJS: one file holds all modules and runs each when it is first needed, `require` takes from
 * Node.js only what is used, and both together take half the time of the same code as ES modules (docs/adr/0003).
 */
import {
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { formatBytes } from '../src/base/units.ts';

const checkout = resolve(import.meta.dirname, '..');
const modules = join(checkout, 'node_modules');

/** Large packages that few commands need: a file each, so that no other command reads them. */
const apart = ['bonjour-service', 'fastify', 'kysely', 'pino', 'zod'];

/** Packages with native code: they stay packages. */
const native = ['koffi', ...readdirSync(join(modules, '@koromix')).map((name) => `@koromix/${name}`)];

/** How a source names a file that a thread or process of its own runs. */
const ownProgram = /\bnew URL\('(\.[^']*\/[^'/]+)\.ts', import\.meta\.url\)/g;

const out = resolve(process.argv[2] ?? join(checkout, 'dist'));
const packages = new Set<string>(native);

/** All files lie in one folder, whatever folder their sources are in. */
const besideEachOther: Plugin = {
  name: 'beside-each-other',
  setup({ onLoad, onResolve }) {
    onLoad({ filter: /\/src\/[^?]*\.ts$/ }, ({ path }) => ({
      loader: 'ts',
      contents: readFileSync(path, 'utf8').replace(
        ownProgram,
        (_, program: string) => `new URL('./${basename(program)}.cjs', import.meta.url)`,
      ),
    }));
    onResolve({ filter: new RegExp(`^(?:${apart.join('|')})$`) }, ({ path, kind }) =>
      kind === 'entry-point' ? undefined : { path: `./${path}.cjs`, external: true },
    );
  },
};

clear();
await bundle(Object.fromEntries(ownPrograms().map((file) => [basename(file, '.ts'), file])));
for (const name of apart) await bundle({ [name]: name });
requireNoSources();
copyNative();
linkNode();
copyFileSync(join(checkout, 'satchel'), join(out, 'satchel'));
// For machines where nothing of the rest runs: to be copied there.
copyFileSync(join(checkout, 'initramfs/satchel-lite'), join(out, 'satchel-lite'));
// What `satchel boot install` puts into systems.
for (const folder of ['initramfs', 'packaging'])
  cpSync(join(checkout, folder), join(out, folder), { recursive: true });
// The names that people know from the old systems; each calls the launcher above it.
cpSync(join(checkout, 'bin'), join(out, 'bin'), { recursive: true });
writeLicences();
for (const file of bundled())
  console.log(`${relative('', join(out, file))}  ${formatBytes(statSync(join(out, file)).size)}`);

/** Only what an earlier run made is removed. */
function clear(): void {
  if (existsSync(out) && readdirSync(out).length > 0 && !existsSync(join(out, 'main.cjs')))
    throw new Error(`${out} holds something else`);
  rmSync(out, { recursive: true, force: true });
}

function bundled(): string[] {
  return readdirSync(out).filter((name) => name.endsWith('.cjs'));
}

/** The program, and those of the threads and processes that the sources start, as paths in the checkout. */
function ownPrograms(): string[] {
  const found = new Set(['src/cli/main.ts']);
  for (const file of globSync('src/**/*.ts', { cwd: checkout, exclude: ['**/*.test.ts'] }))
    for (const [, program = ''] of readFileSync(join(checkout, file), 'utf8').matchAll(ownProgram))
      found.add(join(dirname(file), `${program}.ts`));
  const names = new Set([...found].map((file) => basename(file)));
  if (names.size < found.size) throw new Error(`two of these have the same name: ${[...found].join(', ')}`);
  return [...found];
}

async function bundle(entryPoints: Record<string, string>): Promise<void> {
  const { metafile } = await build({
    absWorkingDir: checkout,
    entryPoints,
    outdir: out,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: `node${process.versions.node}`,
    format: 'cjs',
    minifySyntax: true,
    minifyWhitespace: true,
    // Where Node.js shows the line of an error, it shows all of it.
    lineLimit: 160,
    legalComments: 'none',
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: 'const moduleUrl=require("node:url").pathToFileURL(__filename).href;' },
    plugins: [besideEachOther],
    metafile: true,
    logLevel: 'warning',
  });
  for (const file of Object.keys(metafile.inputs)) {
    const name = /.*\bnode_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
    if (name !== undefined) packages.add(name);
  }
}

/** A program that was named in a form that this script does not know would only be missed when it is started. */
function requireNoSources(): void {
  for (const file of bundled()) {
    const [left] = readFileSync(join(out, file), 'utf8').match(/"\.\.?\/[^"\s]*\.ts"/) ?? [];
    if (left !== undefined) throw new Error(`${file} names the source ${left}`);
  }
}

/** What the native packages need to run, without their sources and manuals. */
function copyNative(): void {
  for (const name of native) {
    for (const file of globSync('**/*.{cjs,js,json,node}', {
      cwd: join(modules, name),
      exclude: ['vendor/**'],
    })) {
      const to = join(out, 'node_modules', name, file);
      mkdirSync(dirname(to), { recursive: true });
      copyFileSync(join(modules, name, file), to);
    }
  }
}

/** In a checkout the bundle runs with the same Node.js; elsewhere the launcher takes the one on the PATH. */
function linkNode(): void {
  const folder = join(out, 'node_modules/.bin');
  mkdirSync(folder, { recursive: true });
  symlinkSync(relative(folder, process.execPath), join(folder, 'node'));
}

/** MIT and its like ask that their text stays with every copy. */
function writeLicences(): void {
  const texts = [...packages]
    .sort()
    .flatMap((name) =>
      globSync('{LICEN[SC]E,licen[sc]e}*', { cwd: join(modules, name) }).map(
        (file) => `${name}\n\n${readFileSync(join(modules, name, file), 'utf8').trim()}\n`,
      ),
    );
  writeFileSync(join(out, 'LICENSES'), texts.join(`\n${'-'.repeat(72)}\n\n`));
  copyFileSync(join(checkout, 'LICENSE'), join(out, 'LICENSE'));
}
