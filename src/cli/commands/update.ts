import { formatBytes, formatSeconds } from '../../base/units.ts';
import { chooseWanted } from '../../device/session.ts';
import { update } from '../../device/update.ts';
import { defineCommand } from '../command.ts';
import { withSession } from '../device-context.ts';
import { flag } from '../option-kinds.ts';
import { planLines } from '../plan-lines.ts';
import { reportAfterwards } from '../report-afterwards.ts';
import { buildWanted, root, source, streamChoice, timeout, transfer, verifyMode } from '../shared-options.ts';
import { detourLines, isStaying, stayingLines } from '../staying-lines.ts';

/** `satchel update`: check, plan, fetch, stage, verify and switch. */
export const updateCommand = defineCommand({
  arguments: { build: buildWanted },
  options: {
    root,
    source,
    timeout,
    stream: streamChoice,
    dryRun: flag('option-dry-run-update'),
    ...transfer,
    inPlace: flag('option-in-place'),
    verify: verifyMode,
  },
  run: (call) =>
    withSession(call, async (session) => {
      const { options, clock, reporter, signal } = call;
      const choice = chooseWanted(session.layout, { build: call.arguments.build, stream: options.stream });
      const makeKit = options.inPlace
        ? (await import('../../device/boot-stage-kit.ts')).makeBootKit
        : undefined;
      const common = {
        session,
        choice,
        clock,
        reporter,
        signal,
        maximumBytes: options.maxBytes,
        reclaim: options.reclaim || options.inPlace,
        inPlace: makeKit,
      };
      if (options.dryRun) {
        const { planUpdate } = await import('../../device/plan-update.ts');
        return planUpdate(common);
      }
      return reportAfterwards(session, call, () =>
        update({
          ...common,
          bytesPerSecond: options.limitRate,
          verifyFully: options.verify === 'full',
        }),
      );
    }),
  show(result, words) {
    if ('ways' in result) return planLines(result, words);
    const damaged = (result.damaged ?? []).map((path) => words.say('result-damaged', { path }));
    if (isStaying(result)) return stayingLines(result, words);
    if (result.inPlace)
      return [
        words.say('result-in-place', {
          ...{ build: result.build, from: result.from ?? '', requests: result.requests },
          bytes: formatBytes(result.bytesReceived),
          seconds: formatSeconds(result.seconds),
        }),
      ];
    if (result.plan === 'none')
      return [words.say('result-check-current', { build: result.build }), ...damaged];
    return [
      words.say('result-update', {
        build: result.build,
        bytes: formatBytes(result.bytesReceived),
        requests: result.requests,
        seconds: formatSeconds(result.seconds),
      }),
      ...detourLines(result, words),
      ...(result.rebootNeeded ? [words.say('result-reboot')] : []),
      ...damaged,
    ];
  },
});
