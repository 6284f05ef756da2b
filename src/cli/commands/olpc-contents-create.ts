import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type ByteString, byteString, pathBelow } from '../../base/byte-string.ts';
import { SatchelError } from '../../base/errors.ts';
import { contentsFor } from '../../build/contents.ts';
import type { IndexEntry } from '../../build/entry.ts';
import { parentOf } from '../../build/entry-rules.ts';
import { buildFromDirectory } from '../../build/from-directory.ts';
import { entryAt } from '../../build/index-table.ts';
import { ownerNamesOf } from '../../build/owner-names.ts';
import { writeFileAtomic } from '../../os/atomic-file.ts';
import { setTimes } from '../../os/system-calls.ts';
import { withSystemErrors } from '../../os/system-error.ts';
import { contentsDropped } from '../../rsync/client-base.ts';
import { contentsHash, ownPaths, requireTree } from '../../rsync/contents-file.ts';
import { type LiteKeys, openLiteKeys } from '../../trust/lite-keys.ts';
import { defineCommand } from '../command.ts';
import { argument, value } from '../option-kinds.ts';
import { localPath } from '../options.ts';

/** `olpc-contents-create`: as the image builder called it, `-f /.xo-files -p /etc/passwd -g /etc/group /`. */
export const olpcContentsCreateCommand = defineCommand({
  arguments: { tree: argument('argument-contents-tree', 'DIR', localPath) },
  options: {
    file: value('option-contents-file', 'FILE', localPath, { short: 'f' }),
    passwd: value('option-contents-passwd', 'PASSWD', localPath, { short: 'p' }),
    keyDir: value('option-contents-key-dir', 'DIR', localPath),
    group: value('option-contents-group', 'GROUP', localPath, { short: 'g' }),
  },
  async run({ options, arguments: { tree }, clock, reporter, signal }) {
    const { file, passwd, group } = options;
    requireTree(tree);
    const owners = {
      ...(passwd === undefined ? {} : { users: ownerNamesOf(textOf(passwd)) }),
      ...(group === undefined ? {} : { groups: ownerNamesOf(textOf(group)) }),
    };
    const own = file === undefined ? [] : ownPaths(tree, file);
    if (options.keyDir !== undefined && file === undefined)
      throw new SatchelError('option-needed', { option: '--file FILE' });
    const found = await buildFromDirectory(tree, contentsDropped, { reporter, signal, asItIs: true, owners });
    const entries = found.filter((entry) => !own.includes(entry.path));
    const bytes = contentsFor(entries);
    if (file !== undefined) writeFileAtomic(file, bytes);
    if (file !== undefined && options.keyDir !== undefined)
      signContents(file, bytes, openLiteKeys(options.keyDir, clock));
    if (own[0] !== undefined) keepTime(tree, entries, parentOf(own[0]));
    return { path: file ?? null, hash: contentsHash(bytes), entries: entries.length };
  },
  show: ({ path: file, ...result }, words) =>
    file === null ? [result.hash] : [words.say('result-contents-created', { path: file, ...result })],
});

function textOf(file: string): ByteString {
  return byteString(withSystemErrors('read', file, () => readFileSync(file)));
}

/** Signs by every key that is there, beside the manifest; what `olpc-update --usb` asks for. */
function signContents(file: string, bytes: Uint8Array, keys: LiteKeys): void {
  const lines = keys.load().map((key) => `${key.sign(bytes)}\n`);
  if (lines.length === 0)
    throw new SatchelError('lite-keys-missing', { directory: path.dirname(keys.publicFile ?? '') });
  writeFileAtomic(`${file}.sig`, lines.join(''));
}

/** Writing the manifest into a directory of the tree must not make the tree another than the manifest says. */
function keepTime(tree: string, entries: readonly IndexEntry[], directory: ByteString): void {
  const entry = entryAt(entries, directory);
  if (entry?.type === 'directory') setTimes(pathBelow(tree, directory), entry.mtime);
}
