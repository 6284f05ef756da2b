import { streamName } from '../../base/identifiers.ts';
import { formatBytes, formatSeconds } from '../../base/units.ts';
import { nameOfSource, openSource, requireApart } from '../../build/source.ts';
import { publish } from '../../repository/publish.ts';
import { defineCommand } from '../command.ts';
import { argument, repeated, value } from '../option-kinds.ts';
import { date, localPath, sha256, text, version } from '../options.ts';
import { openRepository, spoolDirectory } from '../repository-context.ts';
import { build, keyDir, repo, stream } from '../shared-options.ts';
import { requestLines, writeRequest } from '../signing-request.ts';

/** `satchel publish`: one more build in a repository, from an archive, a directory or standard input. */
export const publishCommand = defineCommand({
  arguments: {
    source: argument('argument-publish-source', 'SOURCE', text),
  },
  options: {
    repo,
    name: value('option-name', 'NAME', build),
    stream: repeated('option-stream-publish', 'STREAM', stream),
    contents: value('option-contents', 'FILE', localPath),
    contentsHash: value('option-contents-hash', 'HEX', sha256),
    clampMtime: value('option-clamp-mtime', 'DATE', date),
    minimumClient: value('option-minimum-client', 'VERSION', version),
    notes: value('option-notes', 'TEXT', text),
    keyDir,
  },
  async run(call) {
    const { options } = call;
    const started = performance.now();
    const source = openSource(call.arguments.source);
    const name = nameOfSource(source, options.name);
    const context = openRepository(call);
    requireApart(source, [options.repo, context.keys.location]);
    const { signingRequest, ...published } = await publish({
      ...context,
      spoolDirectory: spoolDirectory(options.repo),
      source: { name, source, input: call.input, contentsPath: options.contents },
      streams: options.stream.length > 0 ? options.stream : [streamName('stable')],
      contentsHash: options.contentsHash,
      clampMtime: options.clampMtime === undefined ? undefined : options.clampMtime * 1000,
      minimumClient: options.minimumClient,
      notes: options.notes,
      reporter: call.reporter,
    });
    const toSign = writeRequest(options.repo, signingRequest);
    return { ...published, seconds: (performance.now() - started) / 1000, ...(toSign ? { toSign } : {}) };
  },
  show(result, words) {
    const waits = 'toSign' in result;
    return [
      words.say(waits ? 'result-publish-waits' : 'result-publish', {
        name: result.name,
        files: result.files,
        bytes: formatBytes(result.treeBytes),
        objects: result.newObjects,
        stored: formatBytes(result.newBytes),
        seconds: formatSeconds(result.seconds),
      }),
      words.say(waits ? 'result-publish-hash' : 'result-publish-streams', {
        streams: result.streams.join(', '),
        hash: result.contentsHash,
      }),
      ...result.costs.map(({ from, bytes }) =>
        words.say('result-update-cost', { from, to: result.name, bytes: formatBytes(bytes) }),
      ),
      ...requestLines(waits ? result.toSign : undefined, words),
    ];
  },
});
