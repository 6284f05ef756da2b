/** The four files of a build, as operators put them into the drop directory. */
import { hash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** One set of files. */
export type DroppedSet = {
  /** What the names of the files have in common. */
  readonly prefix: string;
  /** The archive to be copied; its ending stays. */
  readonly archive: string;
  /** The public name; the prefix when absent. */
  readonly name?: string;
  /** The manifest; one that is opaque when absent. */
  readonly contents?: string;
  /** What is left out: the end of a file's name. */
  readonly without?: '.md5' | '.contents' | '.name' | 'archive';
};

/** The paths of a set. */
export type DroppedFiles = Readonly<Record<'archive' | 'md5' | 'contents' | 'name', string>>;

/** Puts a set into a drop directory in the order in which operators copy: the `.name` file is the last. */
export function dropSet(directory: string, set: DroppedSet): DroppedFiles {
  const {
    prefix,
    archive,
    name = prefix,
    contents = `["olpc-contents",1,{"of":"${prefix}"}]`,
    without,
  } = set;
  mkdirSync(directory, { recursive: true });
  const ending = basename(archive).replace(/^[^.]*/, '');
  const files = {
    archive: join(directory, `${prefix}-tree${ending}`),
    md5: join(directory, `${prefix}-tree${ending}.md5`),
    contents: join(directory, `${prefix}.contents`),
    name: join(directory, `${prefix}.name`),
  };
  if (without !== 'archive') copyFileSync(archive, files.archive);
  const md5 = hash('md5', readFileSync(archive));
  if (without !== '.md5') writeFileSync(files.md5, `${md5}  ${basename(files.archive)}\n`);
  if (without !== '.contents') writeFileSync(files.contents, contents);
  if (without !== '.name') writeFileSync(files.name, `${name}\n`);
  return files;
}
