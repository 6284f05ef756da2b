import { isStolen, markStolen, readStolen } from '../../advice/stolen.ts';
import { SatchelError } from '../../base/errors.ts';
import { longestMark } from '../../fleet/marks.ts';
import { serialNumber } from '../../lease/laptop.ts';
import { openCatalog } from '../../repository/catalog.ts';
import { isSite } from '../../site/layout.ts';
import { defineCommand, type Parser } from '../command.ts';
import { withFleet } from '../fleet-context.ts';
import { requireSome } from '../lease-values.ts';
import { required, restArguments } from '../option-kinds.ts';
import { text } from '../options.ts';
import { openRepository } from '../repository-context.ts';
import { keyDir, siteRepo } from '../shared-options.ts';

/** Words of so many characters at most. */
const words =
  (most: number): Parser<string> =>
  (given, label) => {
    if (given.length > most) throw new SatchelError('mark-too-long', { option: label, most });
    return text(given, label);
  };

/** `satchel lease stolen` and `satchel lease recovered`: by whom and why, signed for every place and laptop. */
function markCommand(stolen: boolean) {
  return defineCommand({
    arguments: { serials: restArguments('argument-serials', 'SERIAL', serialNumber) },
    options: {
      repo: siteRepo,
      keyDir,
      by: required('option-mark-by', 'NAME', words(longestMark.by)),
      reason: required('option-mark-reason', 'TEXT', words(longestMark.reason)),
    },
    async run(call) {
      const { serials } = call.arguments;
      const { repo, by, reason } = call.options;
      requireSome(serials, 'SERIAL…');
      if (isSite(repo)) throw new SatchelError('marks-at-origin', { repository: repo });
      return withFleet(call, async (fleet) => {
        const context = openRepository(call);
        const { changed } = await markStolen(context, serials, { stolen });
        // Those that had been marked when the database could not be written are caught up with.
        await fleet.marks.record(serials, { stolen, by, reason });
        const list = await readStolen(await openCatalog(context.store, call.signal));
        if (serials.some((serial) => isStolen(list, serial) !== stolen)) throw new Error('the mark was lost');
        return { stolen, changed, already: serials.filter((serial) => !changed.includes(serial)) };
      });
    },
    show: ({ stolen: isNow, changed, already }, say) => [
      ...(changed.length === 0
        ? []
        : [
            say.say(isNow ? 'result-marked-stolen' : 'result-marked-recovered', {
              serials: changed.join(', '),
            }),
          ]),
      ...(already.length === 0
        ? []
        : [say.say(isNow ? 'result-stolen-already' : 'result-not-stolen', { serials: already.join(', ') })]),
    ],
  });
}

/** `satchel lease stolen`. */
export const leaseStolenCommand = markCommand(true);

/** `satchel lease recovered`. */
export const leaseRecoveredCommand = markCommand(false);
