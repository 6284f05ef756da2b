import { removeBundles } from '../../activities/group-edit.ts';
import { defaultGroup } from '../../repository/group-record.ts';
import { bundleId, bundleVersion, groupName } from '../activity-values.ts';
import { defineCommand } from '../command.ts';
import { argument, optionalArgument, value } from '../option-kinds.ts';
import { openRepository } from '../repository-context.ts';
import { keyDir, repo } from '../shared-options.ts';
import { requestLines, writeRequest } from '../signing-request.ts';

/** `satchel activity remove`: stop offering a bundle or one version of it. */
export const activityRemoveCommand = defineCommand({
  arguments: {
    id: argument('argument-activity-id', 'ID', bundleId),
    version: optionalArgument('argument-activity-version-or-all', 'VERSION', bundleVersion),
  },
  options: { repo, group: value('option-activity-group', 'GROUP', groupName), keyDir },
  async run(call) {
    const { group = defaultGroup } = call.options;
    const { id, version } = call.arguments;
    const { outcome } = await removeBundles(openRepository(call), group, { id, version });
    const request = outcome.outcome === 'to-sign' ? outcome.request : undefined;
    const toSign = writeRequest(call.options.repo, request);
    return { group, id, ...(version === undefined ? {} : { version }), ...(toSign ? { toSign } : {}) };
  },
  show: (result, words) => [
    words.say('result-activity-removed', {
      name: 'version' in result ? `${result.id}-${result.version}` : result.id,
      group: result.group,
    }),
    ...requestLines('toSign' in result ? result.toSign : undefined, words),
  ],
});
