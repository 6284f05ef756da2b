import { promoteBundle } from '../../activities/group-edit.ts';
import { defaultGroup } from '../../repository/group-record.ts';
import { bundleDeltaLines } from '../activity-lines.ts';
import { bundleId, bundleVersion, deltaMaking, groupName, noDeltas } from '../activity-values.ts';
import { defineCommand } from '../command.ts';
import { argument, required, value } from '../option-kinds.ts';
import { openRepository, spoolDirectory } from '../repository-context.ts';
import { keyDir, repo, stream } from '../shared-options.ts';
import { requestLines, writeRequest } from '../signing-request.ts';

/** `satchel activity promote`: what was tried in one stream becomes what another one gives. */
export const activityPromoteCommand = defineCommand({
  arguments: {
    id: argument('argument-activity-id', 'ID', bundleId),
    version: argument('argument-activity-version', 'VERSION', bundleVersion),
  },
  options: {
    repo,
    group: value('option-activity-group', 'GROUP', groupName),
    stream: required('option-activity-stream', 'STREAM', stream),
    noDeltas,
    keyDir,
  },
  async run(call) {
    const { group = defaultGroup, stream: to } = call.options;
    const { id, version } = call.arguments;
    const promotion = {
      ...openRepository(call),
      spoolDirectory: spoolDirectory(call.options.repo),
      ...{ streams: [to], deltas: deltaMaking(call) },
    };
    const { outcome, deltas } = await promoteBundle(promotion, group, { id, version });
    const request = outcome.outcome === 'to-sign' ? outcome.request : undefined;
    const toSign = writeRequest(call.options.repo, request);
    return { group, id, version, stream: to, deltas, ...(toSign ? { toSign } : {}) };
  },
  show: (result, words) => [
    words.say('result-activity-promoted', {
      ...{ id: result.id, version: result.version, stream: result.stream, group: result.group },
    }),
    ...bundleDeltaLines(result.deltas, words),
    ...requestLines('toSign' in result ? result.toSign : undefined, words),
  ],
});
