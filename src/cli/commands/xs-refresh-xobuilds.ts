import { existsSync } from 'node:fs';
import { type DropProblem, problemSentence } from '../../rsync/drop-problems.ts';
import { refreshDrop } from '../../rsync/drop-refresh.ts';
import { readServiceState } from '../../rsync/service-state.ts';
import { defineCommand } from '../command.ts';
import { openDrop, rebuildConfiguration } from '../drop-context.ts';
import { flag } from '../option-kinds.ts';
import { keyDir, repo, rsyncDir } from '../shared-options.ts';

/** `satchel xs-refresh-xobuilds`: what the drop directory holds becomes the list of builds. */
export const xsRefreshXobuildsCommand = defineCommand({
  arguments: {},
  options: {
    repo,
    rsyncDir,
    force: flag('option-drop-force', { short: 'f' }),
    rebuildconfig: flag('option-drop-rebuildconfig'),
    keyDir,
  },
  async run(call) {
    const context = await openDrop(call);
    const { force, rebuildconfig } = call.options;
    const report = await refreshDrop({ ...context, force });
    const hasChanged = report.published.length + report.withdrawn.length > 0;
    // A server that runs writes it by itself; another daemon may have been pointed at it.
    const { layout } = context;
    const isRead = hasChanged && existsSync(layout.configuration) && readServiceState(layout) === undefined;
    return rebuildconfig || isRead
      ? { ...report, configuration: await rebuildConfiguration(context, call) }
      : report;
  },
  show(report, words) {
    const sentences = (problems: readonly DropProblem[]) =>
      problems.map((problem) => problemSentence(problem, words.language));
    return [
      ...report.withdrawn.map((name) => words.say('result-drop-withdrawn', { name })),
      ...report.published.map((name) => words.say('result-drop-published', { name })),
      ...sentences(report.waiting).map((reason) => words.say('result-drop-waits', { reason })),
      ...sentences(report.problems).map((reason) => words.say('result-drop-problem', { reason })),
      ...('configuration' in report
        ? [words.say('result-drop-configuration', { path: report.configuration })]
        : []),
      words.say('result-drop', {
        directory: report.directory,
        published: report.published.length,
        withdrawn: report.withdrawn.length,
        kept: report.kept.length,
      }),
    ];
  },
  exitCode: ({ problems }) => (problems.length > 0 ? 1 : 0),
});
