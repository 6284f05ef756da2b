import { listHome } from '../../activities/list-home.ts';
import { textFor } from '../../repository/bundle-record.ts';
import { defineCommand } from '../command.ts';
import { home, openHome } from '../home-context.ts';

/** `satchel activities list`: what is installed beside the OS, and who looks after it. */
export const activitiesListCommand = defineCommand({
  arguments: {},
  options: { home },
  async run({ options }) {
    const layout = openHome(options.home);
    return { home: layout.home, bundles: listHome(layout) };
  },
  show({ home: directory, bundles }, words) {
    if (bundles.length === 0) return [words.say('result-activities-empty', { home: directory })];
    return bundles.map(({ id, version, names, state, pinned, previous, by = '' }) => {
      const common = { id, name: textFor(names, words.language), version: version ?? '—', by };
      if (state !== 'ours') return words.say(`result-activities-line-${state}` as const, common);
      const line = pinned ? 'result-activities-line-pinned' : 'result-activities-line';
      return words.say(line, { ...common, previous: previous ?? '—' });
    });
  },
});
