import { publishBundles } from '../../activities/publish-bundles.ts';
import { readBundle } from '../../activities/read-bundle.ts';
import { publishedLines } from '../activity-lines.ts';
import { deltaMaking, publishingChoice, publishingOptions } from '../activity-values.ts';
import { defineCommand } from '../command.ts';
import { someArguments } from '../option-kinds.ts';
import { localPath } from '../options.ts';
import { openRepository, spoolDirectory } from '../repository-context.ts';
import { keyDir, repo } from '../shared-options.ts';
import { writeRequest } from '../signing-request.ts';

/** `satchel activity publish`: new versions of activities and libraries, all of them or none. */
export const activityPublishCommand = defineCommand({
  arguments: { files: someArguments('argument-activity-files', 'FILE', localPath) },
  options: { repo, ...publishingOptions, keyDir },
  async run(call) {
    const { options, reporter, signal } = call;
    const { signingRequest, ...published } = await publishBundles({
      ...openRepository(call),
      spoolDirectory: spoolDirectory(options.repo),
      sources: call.arguments.files.map((path) => (sink) => readBundle(path, sink, { reporter, signal })),
      ...publishingChoice(options),
      deltas: deltaMaking(call),
    });
    const toSign = writeRequest(options.repo, signingRequest);
    return { ...published, ...(toSign ? { toSign } : {}) };
  },
  show: publishedLines,
});
