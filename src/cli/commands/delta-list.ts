import { formatBytes } from '../../base/units.ts';
import { openCatalog } from '../../repository/catalog.ts';
import { deltaStates } from '../../repository/delta-policy.ts';
import { defineCommand } from '../command.ts';
import { deltaWhy } from '../delta-lines.ts';
import { optionalArgument } from '../option-kinds.ts';
import { openRepository } from '../repository-context.ts';
import { build, repo } from '../shared-options.ts';

/** `satchel delta list`: the deltas that are there or wanted, and why. */
export const deltaListCommand = defineCommand({
  arguments: { build: optionalArgument('argument-delta-of', 'BUILD', build) },
  options: { repo },
  async run(call) {
    const catalog = await openCatalog(openRepository(call).store, call.signal);
    const wanted = call.arguments.build;
    if (wanted !== undefined) await catalog.build(wanted);
    const states = (await deltaStates(catalog)).filter(({ to }) => wanted === undefined || to === wanted);
    return {
      deltas: states.map(({ from, to, reference, streams, drop }) => ({
        from,
        to,
        streams,
        asked: reference?.why === 'asked',
        ...(drop === undefined ? {} : { drop }),
        made:
          reference === undefined
            ? null
            : { bytes: reference.length, memory: reference.memory, stored: reference.stored },
      })),
    };
  },
  show({ deltas }, words) {
    if (deltas.length === 0) return [words.say('result-delta-list-empty')];
    return deltas.map((delta) => {
      const { from, to, drop, made } = delta;
      if (made === null) return words.say('result-delta-missing', { from, to, why: deltaWhy(delta, words) });
      const why =
        drop === undefined ? deltaWhy(delta, words) : words.say(`result-delta-why-${drop}`, { from });
      return words.say(drop === undefined ? 'result-delta-there' : 'result-delta-dropped', {
        from,
        to,
        why,
        bytes: formatBytes(made.bytes),
        memory: formatBytes(made.memory),
      });
    });
  },
});
