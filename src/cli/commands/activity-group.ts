import { describeGroup } from '../../activities/group-edit.ts';
import { groupName, textIn } from '../activity-values.ts';
import { defineCommand } from '../command.ts';
import { argument, repeated } from '../option-kinds.ts';
import { openRepository } from '../repository-context.ts';
import { keyDir, repo } from '../shared-options.ts';
import { requestLines, writeRequest } from '../signing-request.ts';

/** `satchel activity group`: make a group of bundles, and say in any language what it is. */
export const activityGroupCommand = defineCommand({
  arguments: { group: argument('argument-activity-group', 'GROUP', groupName) },
  options: {
    repo,
    title: repeated('option-group-title', '[LANGUAGE=]TEXT', textIn),
    description: repeated('option-group-description', '[LANGUAGE=]TEXT', textIn),
    keyDir,
  },
  async run(call) {
    const { title: titles, description: descriptions } = call.options;
    const { outcome, group } = await describeGroup(openRepository(call), call.arguments.group, {
      titles,
      descriptions,
    });
    const request = outcome.outcome === 'to-sign' ? outcome.request : undefined;
    const toSign = writeRequest(call.options.repo, request);
    const { group: name, titles: named, descriptions: described, bundles } = group;
    return {
      ...{ group: name, titles: named, descriptions: described, bundles: bundles.length },
      ...(toSign ? { toSign } : {}),
    };
  },
  show: (result, words) => [
    words.say('result-activity-group', {
      group: result.group,
      title: result.titles[''] ?? '—',
      bundles: result.bundles,
    }),
    ...requestLines('toSign' in result ? result.toSign : undefined, words),
  ],
});
