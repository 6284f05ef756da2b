import { displayOf } from '../../base/byte-string.ts';
import { SatchelError } from '../../base/errors.ts';
import { prepareLayer } from '../../device/carry-over.ts';
import { readInstalled } from '../../device/installed.ts';
import { deviceLayout, requireDevice } from '../../device/layout.ts';
import { lockDevice } from '../../device/lock.ts';
import { openBootPointer } from '../../device/open-boot-pointer.ts';
import { runningVersion } from '../../device/running-version.ts';
import { defineCommand } from '../command.ts';
import { flag, optionalArgument } from '../option-kinds.ts';
import { build, root } from '../shared-options.ts';

const outcomes = ['kept', 'merged', 'removed', 'persist', 'dropped', 'conflict'] as const;
const marks = { kept: '=', merged: '&', removed: '-', persist: '>', dropped: 'x', conflict: '!' } as const;

/**
 * `satchel local carry`: carry the user's changes over to the version that boots next. An update does it; while the
 * device goes down it is done once more, for what was changed since.
 */
export const localCarryCommand = defineCommand({
  arguments: { build: optionalArgument('argument-build-carry', 'BUILD', build) },
  options: { root, dryRun: flag('option-dry-run-carry') },
  async run({ options: { root: directory, dryRun }, arguments: { build: named }, reporter, signal }) {
    const layout = deviceLayout(directory);
    requireDevice(layout);
    if (named !== undefined && readInstalled(layout, named) === undefined)
      throw new SatchelError('version-not-installed', { name: named });
    using _lock = dryRun ? undefined : lockDevice(layout);
    const from = runningVersion(layout);
    const to = named ?? openBootPointer(layout).read().current;
    const carried =
      to === undefined ? undefined : await prepareLayer({ layout, from, to, dryRun, reporter, signal });
    const changes = carried?.outcomes ?? [];
    const counts = Object.fromEntries(
      outcomes.map((kind) => [kind, changes.filter(({ outcome }) => outcome === kind).length]),
    ) as Record<(typeof outcomes)[number], number>;
    return {
      dryRun,
      from: carried?.from ?? null,
      to: carried?.to ?? null,
      counts,
      bytes: carried?.bytes ?? 0,
      changes: changes.map(({ path, outcome, beside }) => ({
        outcome,
        path: displayOf(path),
        ...(beside === undefined ? {} : { beside: displayOf(beside) }),
      })),
    };
  },
  show: ({ from, to, counts, changes }, words) =>
    from === null || to === null
      ? [words.say('result-carry-none')]
      : [
          ...changes.map(
            ({ outcome, path, beside }) =>
              `${marks[outcome]} /${path}${beside === undefined ? '' : ` → /${beside}`}`,
          ),
          words.say('result-carry', { from, to, ...counts }),
        ],
});
