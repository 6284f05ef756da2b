import { contentsType } from '../../formats/olpc-contents.ts';
import { contentsHash, readContentsFile } from '../../rsync/contents-file.ts';
import { defineCommand } from '../command.ts';
import { argument } from '../option-kinds.ts';
import { localPath } from '../options.ts';

/** `olpc-contents-hash`: the hash of a manifest of any type, alone on its line. */
export const olpcContentsHashCommand = defineCommand({
  arguments: { file: argument('argument-contents-file', 'FILE', localPath) },
  options: {},
  async run({ arguments: { file } }) {
    const bytes = readContentsFile(file);
    return { hash: contentsHash(bytes), type: contentsType(bytes) };
  },
  show: ({ hash }) => [hash],
});
