import { writeFileAtomic } from '../../os/atomic-file.ts';
import { cleanContents, contentsHash, readContentsFile } from '../../rsync/contents-file.ts';
import { defineCommand } from '../command.ts';
import { argument } from '../option-kinds.ts';
import { localPath } from '../options.ts';

/** `olpc-contents-clean`: rewrites a manifest of our own type in its one right form. */
export const olpcContentsCleanCommand = defineCommand({
  arguments: { file: argument('argument-contents-file', 'FILE', localPath) },
  options: {},
  async run({ arguments: { file } }) {
    const before = readContentsFile(file);
    const { bytes, entries } = cleanContents(file, before);
    const changed = Buffer.compare(before, bytes) !== 0;
    if (changed) writeFileAtomic(file, bytes);
    return { path: file, entries, hash: contentsHash(bytes), changed };
  },
  show: ({ path, entries, hash }, words) => [words.say('result-contents-cleaned', { path, entries, hash })],
});
