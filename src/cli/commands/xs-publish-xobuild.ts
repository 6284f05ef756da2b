import { SatchelError } from '../../base/errors.ts';
import { formatBytes, formatSeconds } from '../../base/units.ts';
import { type PublishPackedResult, publishPacked } from '../../rsync/drop-publish-packed.ts';
import { defineCommand } from '../command.ts';
import { openDrop, rebuildConfiguration } from '../drop-context.ts';
import { flag, optionalArgument, value } from '../option-kinds.ts';
import { localPath } from '../options.ts';
import { build, keyDir, repo, rsyncDir } from '../shared-options.ts';
import { requestLines } from '../signing-request.ts';

type Result =
  | { readonly configuration: string }
  | (PublishPackedResult & { readonly verbose: boolean; readonly seconds: number });

/** `satchel xs-publish-xobuild`: one packed build under a name that is given, as the old publisher was called. */
export const xsPublishXobuildCommand = defineCommand({
  arguments: {
    buildfile: optionalArgument('argument-xs-buildfile', 'BUILDFILE', localPath),
    name: optionalArgument('argument-xs-name', 'NAME', build),
    destdir: optionalArgument('argument-xs-destdir', 'DESTDIR', localPath),
  },
  options: {
    repo,
    rsyncDir,
    statedir: value('option-xs-statedir', 'DIR', localPath, { short: 's' }),
    tmpdir: value('option-xs-tmpdir', 'DIR', localPath, { short: 't' }),
    force: flag('option-xs-force', { short: 'f' }),
    verbose: flag('option-xs-verbose', { short: 'v' }),
    onlyfakerootstate: flag('option-xs-onlyfakerootstate'),
    keyDir,
  },
  async run(call): Promise<Result> {
    const { statedir, tmpdir, force, verbose, onlyfakerootstate } = call.options;
    const { buildfile, name, destdir } = call.arguments;
    const started = performance.now();
    const context = await openDrop(call);
    const { builds } = context.layout;
    if (statedir !== undefined) call.reporter.notice('xs-statedir-unused', { directory: statedir });
    if (onlyfakerootstate) {
      if (buildfile !== undefined)
        throw new SatchelError('argument-unexpected', { argument: buildfile, command: 'xs-publish-xobuild' });
      return { configuration: await rebuildConfiguration(context, call) };
    }
    if (buildfile === undefined) throw new SatchelError('argument-needed', { argument: 'BUILDFILE' });
    if (name === undefined) throw new SatchelError('argument-needed', { argument: 'NAME' });
    if (destdir !== undefined && destdir !== builds)
      call.reporter.notice('xs-destdir-unused', { directory: destdir, builds });
    const spoolDirectory = tmpdir ?? context.spoolDirectory;
    const result = await publishPacked({ ...context, spoolDirectory, path: buildfile, name, force });
    return { ...result, verbose, seconds: (performance.now() - started) / 1000 };
  },
  show(result, words) {
    if ('configuration' in result)
      return [words.say('result-drop-configuration', { path: result.configuration })];
    const waits = result.toSign !== undefined;
    const told = words.say(waits ? 'result-publish-waits' : 'result-publish', {
      name: result.name,
      files: result.files,
      bytes: formatBytes(result.treeBytes),
      objects: result.newObjects,
      stored: formatBytes(result.newBytes),
      seconds: formatSeconds(result.seconds),
    });
    const more = result.verbose
      ? [
          words.say('result-xs-hash', { hash: result.contentsHash }),
          ...result.costs.map(({ from, bytes }) =>
            words.say('result-update-cost', { from, to: result.name, bytes: formatBytes(bytes) }),
          ),
        ]
      : [];
    return [told, ...more, ...requestLines(result.toSign, words)];
  },
});
