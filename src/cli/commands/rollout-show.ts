import { shareAt } from '../../advice/decide.ts';
import { rolloutOf } from '../../advice/rollout-of.ts';
import { recordTime } from '../../base/fields.ts';
import { lookAt } from '../../fleet/rollout-watch.ts';
import { openCatalog } from '../../repository/catalog.ts';
import { defineCommand } from '../command.ts';
import { argument } from '../option-kinds.ts';
import { openRepository } from '../repository-context.ts';
import { withFleetIfThere } from '../rollout-context.ts';
import { rolloutLines } from '../rollout-lines.ts';
import { repo, stream } from '../shared-options.ts';
import { haltWords } from '../staying-lines.ts';

/** `satchel rollout show`: the rules of a rollout, how far it is, and what devices told. */
export const rolloutShowCommand = defineCommand({
  arguments: { stream: argument('argument-stream', 'STREAM', stream) },
  options: { repo },
  async run(call) {
    const catalog = await openCatalog(openRepository(call).store, call.signal);
    const record = await catalog.stream(call.arguments.stream);
    const rollout = rolloutOf(record);
    const { stream, build, halted } = record;
    const issued = catalog.metadata.timestamp.signed.issued ?? 0;
    const looked = await withFleetIfThere(
      call,
      async (fleet) =>
        fleet &&
        lookAt(fleet.rollouts, { stream, build, rollout }, { now: call.clock(), signal: call.signal }),
    );
    return {
      stream,
      build: build.name,
      halted: halted ?? null,
      issued: recordTime(issued),
      share: shareAt(rollout, issued),
      rollout,
      figures: looked?.figures ?? null,
    };
  },
  show: ({ stream, build, halted, issued, rollout, figures }, words) => [
    words.say('result-rollout-head', { stream, build, began: rollout.began }),
    ...rolloutLines(rollout, Date.parse(issued), words),
    ...(halted === null ? [] : [words.say('result-rollout-halted', haltWords(halted, words))]),
    ...(figures === null ? [] : [words.say('result-rollout-figures', figures)]),
  ],
});
