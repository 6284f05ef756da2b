import { SatchelError } from '../../base/errors.ts';
import { serialNumber } from '../../lease/laptop.ts';
import { isSite } from '../../site/layout.ts';
import { defineCommand } from '../command.ts';
import { withFleet } from '../fleet-context.ts';
import { restArguments } from '../option-kinds.ts';
import { siteRepo } from '../shared-options.ts';

/** `satchel lease marks`: who called which laptops stolen or recovered, when and why; the newest first. */
export const leaseMarksCommand = defineCommand({
  arguments: { serials: restArguments('argument-serials', 'SERIAL', serialNumber) },
  options: { repo: siteRepo },
  async run(call) {
    const { repo } = call.options;
    if (isSite(repo)) throw new SatchelError('marks-at-origin', { repository: repo });
    return withFleet(call, async (fleet) => ({ marks: await fleet.marks.list(call.arguments.serials) }));
  },
  show: ({ marks }, words) =>
    marks.length === 0
      ? [words.say('result-marks-none')]
      : marks.map(({ stolen, ...mark }) =>
          words.say(stolen ? 'result-mark-stolen' : 'result-mark-recovered', mark),
        ),
});
