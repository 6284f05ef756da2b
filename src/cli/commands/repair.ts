import { formatBytes } from '../../base/units.ts';
import { lockDevice } from '../../device/lock.ts';
import { repairVersion } from '../../device/repair-version.ts';
import { versionsToCheck } from '../../device/versions-to-check.ts';
import { defineCommand } from '../command.ts';
import { withSession } from '../device-context.ts';
import { flag, value } from '../option-kinds.ts';
import { rate, size } from '../options.ts';
import { buildInstalled, root, source, timeout } from '../shared-options.ts';

/** `satchel repair`: make installed versions what was published, fetching only what is damaged. */
export const repairCommand = defineCommand({
  arguments: { build: buildInstalled },
  options: {
    root,
    source,
    timeout,
    all: flag('option-all-repair'),
    maxBytes: value('option-max-bytes', 'SIZE', size),
    limitRate: value('option-limit-rate', 'RATE', rate),
  },
  run: (call) =>
    withSession(call, async (session) => {
      const { options, reporter, signal } = call;
      using _lock = lockDevice(session.layout);
      const versions = [];
      for (const name of versionsToCheck(session.layout, call.arguments.build, options.all))
        versions.push(
          await repairVersion({
            session,
            name,
            maximumBytes: options.maxBytes,
            bytesPerSecond: options.limitRate,
            reporter,
            signal,
          }),
        );
      return { versions, ...session.counters() };
    }),
  show: ({ versions, bytesReceived }, words) =>
    versions.flatMap(({ build, damaged }) => [
      words.say('result-repair', { build, damaged: damaged.length, bytes: formatBytes(bytesReceived) }),
      ...damaged.map(({ path, reason }) => words.say('result-verify-damage', { path, reason })),
    ]),
});
