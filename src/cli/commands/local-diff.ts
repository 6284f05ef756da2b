import { displayOf } from '../../base/byte-string.ts';
import { deviceLayout, requireDevice } from '../../device/layout.ts';
import { localDiff } from '../../device/local-diff.ts';
import { runningVersion } from '../../device/running-version.ts';
import { versionsToCheck } from '../../device/versions-to-check.ts';
import { defineCommand } from '../command.ts';
import { flag } from '../option-kinds.ts';
import { buildInstalled, root } from '../shared-options.ts';

const kinds = ['added', 'changed', 'metadata', 'deleted'] as const;
const marks = { added: '+', changed: '*', metadata: '~', deleted: '-' } as const;

/** `satchel local diff`: what was changed on this device in the version that runs, or in a named one. */
export const localDiffCommand = defineCommand({
  arguments: { build: buildInstalled },
  options: { root, full: flag('option-full-local') },
  async run({ options: { root: directory, full }, arguments: { build: named }, signal }) {
    const layout = deviceLayout(directory);
    requireDevice(layout);
    const build = named ?? runningVersion(layout) ?? versionsToCheck(layout, undefined, false)[0]!;
    const { from, changes } = await localDiff({ layout, build, full, signal });
    const counts = Object.fromEntries(
      kinds.map((kind) => [kind, changes.filter((change) => change.kind === kind).length]),
    ) as Record<(typeof kinds)[number], number>;
    return {
      build,
      from,
      counts,
      changes: changes.map((change) => ({
        kind: change.kind,
        path: displayOf(change.path),
        ...('fields' in change && change.fields.length > 0 ? { fields: change.fields } : {}),
      })),
    };
  },
  show: ({ build, counts, changes }, words) => [
    ...changes.map(
      ({ kind, path, fields }) =>
        `${marks[kind]} /${path}${kind === 'metadata' && fields ? ` (${fields.join(', ')})` : ''}`,
    ),
    changes.length === 0
      ? words.say('result-local-none', { build })
      : words.say('result-local', { build, ...counts }),
  ],
});
