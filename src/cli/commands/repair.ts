import type { BuildName } from '../../base/identifiers.ts';
import { formatBytes } from '../../base/units.ts';
import { lockDevice } from '../../device/lock.ts';
import { repairVersion } from '../../device/repair-version.ts';
import { noteReport } from '../../device/report-make.ts';
import type { DeviceSession } from '../../device/session.ts';
import { versionsToCheck } from '../../device/versions-to-check.ts';
import { type ArgumentSet, type Call, defineCommand, type OptionSet } from '../command.ts';
import { withSession } from '../device-context.ts';
import { flag, value } from '../option-kinds.ts';
import { rate, size } from '../options.ts';
import { reportAfterwards } from '../report-afterwards.ts';
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
  run: (call) => withSession(call, (session) => reportAfterwards(session, call, () => repair(session, call))),
  show: ({ versions, bytesReceived }, words) =>
    versions.flatMap(({ build, damaged }) => [
      words.say('result-repair', { build, damaged: damaged.length, bytes: formatBytes(bytesReceived) }),
      ...damaged.map(({ path, reason }) => words.say('result-verify-damage', { path, reason })),
    ]),
});

type RepairCall = Pick<Call<OptionSet, ArgumentSet>, 'clock' | 'reporter' | 'signal'> & {
  readonly options: {
    readonly all: boolean;
    readonly maxBytes?: number | undefined;
    readonly limitRate?: number | undefined;
  };
  readonly arguments: { readonly build?: BuildName | undefined };
};

async function repair(session: DeviceSession, { options, arguments: { build }, ...call }: RepairCall) {
  const { layout } = session;
  using _lock = lockDevice(layout);
  const versions = [];
  for (const name of versionsToCheck(layout, build, options.all)) {
    const started = performance.now();
    const before = session.counters();
    const repaired = await repairVersion({
      session,
      name,
      maximumBytes: options.maxBytes,
      bytesPerSecond: options.limitRate,
      reporter: call.reporter,
      signal: call.signal,
    });
    versions.push(repaired);
    if (repaired.damaged.length === 0) continue;
    const { bytesReceived, requests } = session.counters();
    const result = {
      build: name,
      result: 'done',
      bytesReceived: bytesReceived - before.bytesReceived,
      requests: requests - before.requests,
      seconds: (performance.now() - started) / 1000,
    } as const;
    noteReport({ layout, clock: call.clock }, { event: 'repair', result });
  }
  return { versions, ...session.counters() };
}
