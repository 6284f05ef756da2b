import { SatchelError } from '../../base/errors.ts';
import { makeDelta } from '../../delta/make-delta.ts';
import { createDelta, createMissing } from '../../repository/delta-create.ts';
import { defineCommand } from '../command.ts';
import { deltaMadeLine } from '../delta-lines.ts';
import { flag, optionalArgument } from '../option-kinds.ts';
import { openRepository, spoolDirectory } from '../repository-context.ts';
import { build, keyDir, repo } from '../shared-options.ts';

/** `satchel delta create A B`, or `--missing`: small updates from one build to another. */
export const deltaCreateCommand = defineCommand({
  arguments: {
    from: optionalArgument('argument-delta-from', 'A', build),
    to: optionalArgument('argument-delta-to', 'B', build),
  },
  options: { repo, keyDir, missing: flag('option-missing') },
  async run(call) {
    const { from, to } = call.arguments;
    const { missing, repo: directory } = call.options;
    if (missing && from !== undefined)
      throw new SatchelError('options-conflict', { first: '--missing', second: from });
    const options = {
      ...openRepository(call),
      spoolDirectory: spoolDirectory(directory),
      reporter: call.reporter,
      make: makeDelta,
    };
    if (missing) return createMissing(options);
    if (from === undefined || to === undefined)
      throw new SatchelError('argument-needed', { argument: from === undefined ? 'A' : 'B' });
    return { made: [await createDelta(options, { from, to })], failed: [] };
  },
  show: ({ made, failed }, words) =>
    made.length + failed.length === 0
      ? [words.say('result-delta-none-missing')]
      : made.map((delta) => deltaMadeLine(delta, words)),
  exitCode: ({ failed }) => (failed.length > 0 ? 1 : 0),
});
