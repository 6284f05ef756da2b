import { say } from '../../base/catalogue.ts';
import { formatBytes } from '../../base/units.ts';
import { importBuilds } from '../../rsync/upstream-import.ts';
import { defineCommand } from '../command.ts';
import { flag, repeated, required } from '../option-kinds.ts';
import { text } from '../options.ts';
import { openRepository, spoolDirectory } from '../repository-context.ts';
import { rsyncLayoutOf } from '../rsync-place.ts';
import { keyDir, repo, rsyncDir, stream, timeout } from '../shared-options.ts';

/** `satchel import`: what is new in the drop directory of another server becomes builds here. */
export const importCommand = defineCommand({
  arguments: {},
  options: {
    repo,
    from: required('option-import-from', 'ADDRESS', text, { environment: 'SATCHEL_FROM' }),
    stream: repeated('option-import-stream', 'STREAM', stream),
    again: flag('option-import-again'),
    rsyncDir,
    timeout,
    keyDir,
  },
  async run(call) {
    const { repo: repository, from, again, timeout: patience } = call.options;
    return importBuilds({
      ...openRepository(call),
      layout: rsyncLayoutOf(call.options),
      spoolDirectory: spoolDirectory(repository),
      reporter: call.reporter,
      from,
      streams: call.options.stream,
      again,
      patience,
    });
  },
  show: ({ from, published, present, waiting, removed, problems }, words) => [
    ...published.map(({ build, bytes }) =>
      words.say('result-import-published', { build, bytes: formatBytes(bytes) }),
    ),
    ...waiting.map(({ prefix, missing }) =>
      missing.length === 0
        ? words.say('result-import-not-right', { prefix })
        : words.say('result-import-waiting', { prefix, missing: missing.join(', ') }),
    ),
    ...removed.map((build) => words.say('result-import-removed', { build })),
    ...problems.map(({ about, code, parameters }) => {
      const { text, hint } = say(code, parameters, words.language);
      const reason = hint === undefined ? text : `${text} ${hint}`;
      return words.say('result-import-problem', { build: about, reason });
    }),
    words.say('result-import', {
      location: from,
      published: published.length,
      bytes: formatBytes(published.reduce((sum, { bytes }) => sum + bytes, 0)),
      present: present.length,
      waiting: waiting.length,
      problems: problems.length,
    }),
  ],
  exitCode: ({ problems }) => (problems.length > 0 ? 1 : 0),
});
