import { displayOf } from '../../base/byte-string.ts';
import { contentsDifferences } from '../../build/contents.ts';
import { buildFromDirectory } from '../../build/from-directory.ts';
import { contentsDropped } from '../../rsync/client-base.ts';
import { entriesOfContents, ownPaths, readContentsFile, requireTree } from '../../rsync/contents-file.ts';
import { defineCommand } from '../command.ts';
import { argument } from '../option-kinds.ts';
import { localPath } from '../options.ts';

const marks = { missing: '-', different: '*', extra: '+' } as const;

/** `olpc-contents-verify`: reads a whole tree and compares it with a manifest; ends with code 1 when it differs. */
export const olpcContentsVerifyCommand = defineCommand({
  arguments: {
    file: argument('argument-contents-file', 'FILE', localPath),
    tree: argument('argument-contents-tree', 'DIR', localPath),
  },
  options: {},
  async run({ arguments: { file, tree }, reporter, signal }) {
    requireTree(tree);
    const contents = entriesOfContents(file, readContentsFile(file));
    const entries = await buildFromDirectory(tree, contentsDropped, { reporter, signal, asItIs: true });
    const own = ownPaths(tree, file);
    const listed = entries.filter((entry) => !own.includes(entry.path));
    const different = contentsDifferences(contents, listed).map(({ path, kind }) => ({
      path: path === '' ? '.' : displayOf(path),
      kind,
    }));
    return { entries: contents.length, different };
  },
  show: ({ entries, different }, words) => [
    ...different.map(({ path, kind }) => `${marks[kind]} ${path}`),
    words.say(different.length === 0 ? 'result-contents-right' : 'result-contents-wrong', {
      entries,
      count: different.length,
    }),
  ],
  exitCode: ({ different }) => (different.length === 0 ? 0 : 1),
});
