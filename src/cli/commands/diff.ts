import { displayOf } from '../../base/byte-string.ts';
import { formatBytes } from '../../base/units.ts';
import { compareIndexes } from '../../build/compare.ts';
import { loadBuild, loadMap, openCatalog } from '../../repository/catalog.ts';
import { costFrom } from '../../repository/costs.ts';
import { defineCommand } from '../command.ts';
import { argument } from '../option-kinds.ts';
import { openRepository } from '../repository-context.ts';
import { build, repo } from '../shared-options.ts';

const marks = { added: '+', removed: '-', content: '*', metadata: '~', type: '!' } as const;

/** `satchel diff A B`: what changes from one build to another, and what that costs. */
export const diffCommand = defineCommand({
  arguments: {
    from: argument('argument-diff-from', 'A', build),
    to: argument('argument-diff-to', 'B', build),
  },
  options: { repo },
  async run(call) {
    const { from, to } = call.arguments;
    const catalog = await openCatalog(openRepository(call).store, call.signal);
    const old = await loadBuild(catalog, from, call.signal);
    const next = await loadBuild(catalog, to, call.signal);
    const { counts, changes } = compareIndexes(old.entries, next.entries);
    const { bytes } = costFrom(old.objects, next.objects, await loadMap(catalog, next, call.signal));
    const copies = changes.filter((change) => change.kind === 'metadata' && change.next.type === 'file');
    const copyBytes = copies.reduce(
      (sum, change) => sum + ('next' in change && change.next.type === 'file' ? change.next.size : 0),
      0,
    );
    return {
      from,
      to,
      counts,
      download: bytes,
      metadataOnlyFiles: copies.length,
      metadataOnlyBytes: copyBytes,
      changes: changes.map((change) => ({
        kind: change.kind,
        path: displayOf(change.path),
        ...('fields' in change && change.fields.length > 0 ? { fields: change.fields } : {}),
      })),
    };
  },
  show: (result, words) => [
    ...result.changes.map(
      ({ kind, path, ...more }) =>
        `${marks[kind]} ${path || '.'}${'fields' in more && more.fields ? ` (${more.fields.join(', ')})` : ''}`,
    ),
    words.say('result-diff', { from: result.from, to: result.to, ...result.counts }),
    words.say('result-diff-download', { bytes: formatBytes(result.download) }),
    ...(result.metadataOnlyFiles > 0
      ? [
          words.say('result-diff-copies', {
            files: result.metadataOnlyFiles,
            bytes: formatBytes(result.metadataOnlyBytes),
          }),
        ]
      : []),
  ],
});
