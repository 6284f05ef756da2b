import { publishBundles } from '../../activities/publish-bundles.ts';
import { folderOfContent, readContent } from '../../activities/read-content.ts';
import { SatchelError } from '../../base/errors.ts';
import { isBundleFolder } from '../../repository/bundle-record.ts';
import { publishedLines } from '../activity-lines.ts';
import {
  bundleFolder,
  bundleId,
  bundleVersion,
  deltaMaking,
  publishingChoice,
  publishingOptions,
  textIn,
} from '../activity-values.ts';
import { defineCommand } from '../command.ts';
import { argument, repeated, required, value } from '../option-kinds.ts';
import { localPath, text } from '../options.ts';
import { openRepository, spoolDirectory } from '../repository-context.ts';
import { keyDir, repo } from '../shared-options.ts';
import { writeRequest } from '../signing-request.ts';

/** `satchel content publish`: a directory of any size as something that devices carry beside the OS. */
export const contentPublishCommand = defineCommand({
  arguments: { directory: argument('argument-content-directory', 'DIR', localPath) },
  options: {
    repo,
    id: required('option-content-id', 'ID', bundleId),
    version: required('option-content-version', 'VERSION', bundleVersion),
    title: repeated('option-content-title', '[LANGUAGE=]TEXT', textIn),
    folder: value('option-content-folder', 'NAME', bundleFolder),
    license: value('option-content-license', 'TEXT', text),
    ...publishingOptions,
    keyDir,
  },
  async run(call) {
    const { options, reporter, signal } = call;
    const { directory } = call.arguments;
    const { id, version, license, folder = folderOfContent(directory) } = options;
    if (!isBundleFolder(folder))
      throw new SatchelError('bundle-folder-not-allowed', { value: folder, option: '--folder' });
    const names = { '': id as string, ...Object.fromEntries(options.title) };
    const about = { id, version, names, folder, license };
    const { signingRequest, ...published } = await publishBundles({
      ...openRepository(call),
      spoolDirectory: spoolDirectory(options.repo),
      sources: [(sink) => readContent(directory, about, sink, { reporter, signal })],
      ...publishingChoice(options),
      deltas: deltaMaking(call),
    });
    const toSign = writeRequest(options.repo, signingRequest);
    return { ...published, ...(toSign ? { toSign } : {}) };
  },
  show: publishedLines,
});
