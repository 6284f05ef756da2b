/**
 * Two builds with everything that deltas look into (text, gzip files, programs, a large file), and small builds that
 * differ from the first in one way each.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, lchownSync, linkSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { setTimes } from '../../src/os/system-calls.ts';
import type { DeltaReference } from '../../src/repository/records.ts';
import { must } from './command.ts';
import type { Scratch } from './scratch.ts';
import { isRoot, noise, writeStoryTree } from './story-trees.ts';

/** A repository that holds the builds `os-1` and `os-2`, and the delta between them. */
export type DeltaStory = {
  readonly repository: string;
  readonly rootHash: string;
  /** The trees that were published. */
  readonly trees: readonly [first: string, second: string];
  readonly delta: DeltaReference;
  /** Path of the delta's file. */
  readonly deltaFile: string;
};

/** A file that changes between the builds, so that a delta takes it as a base: a patch of text. */
export const changedText = 'usr/share/doc/changelog';
/** The same for the contents of a gzip file, and for a program. */
export const changedGzip = 'usr/share/doc/changelog.gz';
export const changedProgram = 'usr/bin/program';

/** Publishes both builds and makes the delta. */
export async function publishDeltaStory(scratch: Scratch): Promise<DeltaStory> {
  const repository = scratch.file('repository');
  const trees = [scratch.file('tree-1'), scratch.file('tree-2')] as const;
  const { rootSha256: rootHash } = await must('init', '--repo', repository);
  for (const version of [1, 2] as const) {
    const tree = trees[version - 1]!;
    writeDeltaTree(tree, version);
    await must(
      ...['publish', '--repo', repository, '--name', `os-${version}`],
      ...['--deltas', '1', '--wait', tree],
    );
  }
  const delta = await deltaBetween(repository, 'os-1', 'os-2');
  return {
    repository,
    rootHash,
    trees,
    delta,
    deltaFile: join(repository, 'deltas', `${delta.stored}.delta`),
  };
}

/** The record of a delta that is in the repository. */
export async function deltaBetween(repository: string, from: string, to: string): Promise<DeltaReference> {
  const { deltas } = await must('show', '--repo', repository, to);
  const found = (deltas as DeltaReference[]).find((delta) => delta.from === from);
  if (found === undefined) throw new Error(`there is no delta from ${from} to ${to}`);
  return found;
}

/** A new device that has `os-1`. */
export async function deviceWithFirst(
  { rootHash }: DeltaStory,
  root: string,
  source: string,
): Promise<string> {
  await must('device', 'init', '--root', root, '--source', source, '--trust', rootHash);
  await must('update', '--root', root, 'os-1');
  return root;
}

/** Writes one version of the tree below `root`, which must not exist. */
export function writeDeltaTree(root: string, version: 1 | 2): void {
  writeStoryTree(root, version);
  const write = (path: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  const text = changelog(version);
  write(changedText, text);
  write(changedGzip, gzip(text, '-9n'));
  write('usr/share/man/program.1.gz', gzip(changelog(version, 'manual'), '-6n'));
  write('usr/share/man/library.3.gz', gzipSync(changelog(version, 'library')));
  write('usr/share/man/named.3.gz', gzip(changelog(version, 'named'), '-9'));
  write(changedProgram, program(version));
  write('usr/share/secret', changelog(version, 'secret'));
  // An ordinary user could not even publish a file that nobody may read.
  chmodSync(join(root, 'usr/share/secret'), isRoot ? 0o000 : 0o400);
  write('usr/lib/modules/4.19/driver.ko', 'the name of the folder carries a version');
  if (version === 2) moveFolder(root);
}

/** What a tree may get or lose, beside a change that goes with it. */
export type SmallChange = (tree: string) => void;

/** Builds that differ from `os-1` in one way each, by name. */
export const smallChanges: Readonly<Record<string, SmallChange>> = {
  'only-times': (tree) => {
    for (const path of ['etc/issue', 'usr/lib/large.bin', 'groups/same-a', changedGzip])
      setTimes(join(tree, path), [1_500_000_000, 42]);
  },
  'only-new': (tree) => {
    for (let number = 0; number < 20; number += 1)
      writeFileSync(join(tree, `new-${number}`), `${noise(`new ${number}`, 500).toString('hex')}\n`);
    writeFileSync(join(tree, 'new-large'), noise('new large', 1_200_000));
  },
  'only-removed': (tree) => {
    for (const path of ['usr/share/many', 'groups', 'names']) rmSync(join(tree, path), { recursive: true });
  },
  'only-links': (tree) => {
    linkSync(join(tree, changedText), join(tree, 'usr/share/doc/second-name'));
    rmSync(join(tree, 'groups/same-b'));
    linkSync(join(tree, 'groups/grows-a'), join(tree, 'groups/same-b'));
  },
  'only-moved': (tree) => {
    mkdirSync(join(tree, 'moved'));
    for (const name of readdirSync(join(tree, 'usr/share/many')))
      linkSync(join(tree, 'usr/share/many', name), join(tree, 'moved', name));
    rmSync(join(tree, 'usr/share/many'), { recursive: true });
  },
  'only-owners': (tree) => {
    if (isRoot) lchownSync(join(tree, changedProgram), 77, 78);
    else setTimes(join(tree, changedProgram), [1, 1]);
  },
};

function moveFolder(root: string): void {
  const [before, after] = ['4.19', '4.20'].map((name) => join(root, 'usr/lib/modules', name));
  mkdirSync(after!);
  for (const name of readdirSync(before!)) linkSync(join(before!, name), join(after!, name));
  rmSync(before!, { recursive: true });
}

/** A text that gets a new first paragraph and a few changes with each version. */
function changelog(version: number, word = 'log'): string {
  const paragraphs = Array.from({ length: 900 }, (_, number) => {
    const changed = version === 2 && number % 150 === 7 ? ', corrected since' : '';
    return `${word} (1.${900 - number})${changed}\n\n  * ${noise(`${word} ${number}`, 24).toString('base64')}\n`;
  });
  return `${version === 2 ? `${word} (2.0)\n\n  * new upstream release\n` : ''}${paragraphs.join('\n')}`;
}

function gzip(text: string, level: string): Buffer {
  return execFileSync('gzip', [level, '-c'], { input: text, maxBuffer: 1 << 24 });
}

/** Machine code as far as a patch cares: functions that call each other, all of which move when one is inserted. */
function program(version: number): Buffer {
  const header = Buffer.alloc(64);
  header.write('\x7fELF\x02\x01\x01', 'latin1');
  header.writeUInt16LE(2, 16);
  header.writeUInt16LE(62, 18);
  const names = Array.from({ length: 400 }, (_, number) => `function ${number}`);
  if (version === 2) names.splice(100, 0, 'a new function');
  const bodies = names.map((name) => noise(name, 300));
  const starts = new Map(names.map((name, place) => [name, 64 + 300 * place]));
  for (const [place, body] of bodies.entries())
    for (let at = 10; at < 290; at += 40) {
      const callee = starts.get(`function ${(place * 7 + at) % 400}`)!;
      body[at] = 0xe8;
      body.writeInt32LE(callee - (64 + 300 * place + at + 5), at + 1);
    }
  return Buffer.concat([header, ...bodies]);
}
