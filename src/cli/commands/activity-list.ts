import { formatBytes } from '../../base/units.ts';
import { textFor } from '../../repository/bundle-record.ts';
import { openCatalog, readDetails } from '../../repository/catalog.ts';
import { bundleName } from '../../repository/group-record.ts';
import { groupName } from '../activity-values.ts';
import { defineCommand } from '../command.ts';
import { value } from '../option-kinds.ts';
import { openRepository } from '../repository-context.ts';
import { repo } from '../shared-options.ts';

/** `satchel activity list`: the groups of a repository and what is in them. */
export const activityListCommand = defineCommand({
  arguments: {},
  options: { repo, group: value('option-activity-group-only', 'GROUP', groupName) },
  async run(call) {
    const { store, signal } = openRepository(call);
    const catalog = await openCatalog(store, signal);
    const names = call.options.group === undefined ? catalog.groupNames() : [call.options.group];
    const groups = await Promise.all(
      names.map(async (name) => {
        const record = await catalog.group(name);
        const details = await readDetails(store, record, signal);
        const byName = new Map(details.map((each) => [bundleName(each), each]));
        const { titles, descriptions } = record;
        const bundles = record.bundles.map((bundle) => {
          const { id, version, kind, tree, everything, streams, optional, deltas = [] } = bundle;
          const { names: named = { '': id as string }, summary } = byName.get(bundleName(bundle)) ?? {};
          return {
            ...{ id, version, kind, names: named, files: tree.files, bytes: tree.bytes },
            ...{ storedBytes: everything, streams, optional },
            deltas: deltas.map(({ from, length }) => ({ from, bytes: length })),
            ...(summary === undefined ? {} : { summary }),
          };
        });
        return { group: name, titles, descriptions, bundles };
      }),
    );
    return { groups };
  },
  show({ groups }, words) {
    if (groups.length === 0) return [words.say('result-activity-none')];
    return groups.flatMap(({ group, titles, bundles }) => [
      words.say('result-activity-group', {
        group,
        title: textFor(titles, words.language) || '—',
        bundles: bundles.length,
      }),
      ...bundles.map(({ id, version, names, files, bytes, storedBytes, streams, optional }) =>
        words.say(optional ? 'result-activity-line-optional' : 'result-activity-line', {
          ...{ id, version, name: textFor(names, words.language), files },
          bytes: formatBytes(bytes),
          stored: formatBytes(storedBytes),
          streams: streams.length === 0 ? '—' : streams.join(', '),
        }),
      ),
    ]);
  },
});
