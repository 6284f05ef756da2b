import { closeSync, constants, lstatSync, openSync, readFileSync } from 'node:fs';
import { type ByteString, byteString } from '../base/byte-string.ts';
import { isOwnerName } from './entry-rules.ts';

/** The names that a tree itself gives to user and group numbers. */
export type OwnerNames = {
  readonly users: ReadonlyMap<number, ByteString>;
  readonly groups: ReadonlyMap<number, ByteString>;
};

/**
 * Reads the names of users and groups from the tree's own `etc/passwd` and `etc/group`: those of the machine
 * that publishes say nothing about the build. A file that is missing or no plain file gives no names.
 */
export function ownerNamesIn(tree: string | Buffer): OwnerNames {
  return { users: namesIn(tree, 'passwd'), groups: namesIn(tree, 'group') };
}

/** The names in the text of a file like `etc/passwd` or `etc/group`, by number. */
export function ownerNamesOf(file: ByteString): ReadonlyMap<number, ByteString> {
  return namesInText(file);
}

/** Both files hold the name first and its number third; the first line of a number counts. */
function namesIn(tree: string | Buffer, file: 'passwd' | 'group'): Map<number, ByteString> {
  return namesInText(readPlainFile(below(tree, 'etc'), below(tree, `etc/${file}`)));
}

function namesInText(text: ByteString): Map<number, ByteString> {
  const names = new Map<number, ByteString>();
  for (const line of text.split('\n')) {
    const [name, , number] = line.split(':');
    if (name === undefined || number === undefined || !/^\d{1,10}$/.test(number)) continue;
    if (isOwnerName(name as ByteString) && !names.has(Number(number)))
      names.set(Number(number), name as ByteString);
  }
  return names;
}

/** Never follows a symlink, because that would lead out of the tree. */
function readPlainFile(directory: string | Buffer, path: string | Buffer): ByteString {
  if (!lstatSync(directory, { throwIfNoEntry: false })?.isDirectory()) return '' as ByteString;
  if (!lstatSync(path, { throwIfNoEntry: false })?.isFile()) return '' as ByteString;
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return byteString(readFileSync(fd));
  } finally {
    closeSync(fd);
  }
}

function below(tree: string | Buffer, path: string): string | Buffer {
  return typeof tree === 'string' ? `${tree}/${path}` : Buffer.concat([tree, Buffer.from(`/${path}`)]);
}
