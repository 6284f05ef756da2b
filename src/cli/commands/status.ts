import { formatBytes } from '../../base/units.ts';
import { type DeviceStatus, deviceStatus } from '../../device/status.ts';
import { defineCommand, type Words } from '../command.ts';
import { dataLine } from '../data-line.ts';
import { longTime } from '../long-time.ts';
import { root } from '../shared-options.ts';

/** `satchel status`: what is on this device and what it boots; asks nobody. */
export const statusCommand = defineCommand({
  arguments: {},
  options: { root },
  run: async (call) => deviceStatus(call.options.root, call.clock),
  show: (status, words) => [
    words.say('result-status', {
      current: status.nextBoot ?? '—',
      alternate: status.previous ?? '—',
      running: status.running ?? '—',
    }),
    ...trialLines(status, words),
    ...(status.ordered === undefined
      ? []
      : [words.say('result-status-ordered', { build: status.ordered, from: status.nextBoot ?? '' })]),
    words.say('result-status-source', { source: status.source ?? '—', stream: status.stream }),
    ...(status.why === undefined ? [] : [words.say(status.why.code, status.why.parameters)]),
    ...status.versions.map(({ name, entries, size }) =>
      words.say('result-status-version', { name, entries: entries ?? '?', bytes: formatBytes(size ?? 0) }),
    ),
    ...status.versions.flatMap(({ name, sticky, owed }) => [
      ...(sticky ? [words.say('result-status-sticky', { name })] : []),
      ...(owed > 0 ? [words.say('result-status-owed', { name, count: owed })] : []),
    ]),
    ...(status.spoolBytes > 0
      ? [words.say('result-status-waiting', { bytes: formatBytes(status.spoolBytes) })]
      : []),
    dataLine(status.data, words),
    ...(status.lastUpdate
      ? [
          words.say('result-status-last', {
            build: status.lastUpdate.build,
            at: status.lastUpdate.at,
            result: words.say(`result-last-${status.lastUpdate.result}`),
          }),
        ]
      : []),
  ],
});

/** What is on trial, and what was left again. */
function trialLines({ trial, failed = [] }: DeviceStatus, words: Words): string[] {
  const { state = 'failed', soakLeft = 0, proven: _, ...told } = trial ?? {};
  return [
    ...(state === 'failed'
      ? []
      : [words.say(`result-status-trial-${state}`, { ...told, left: longTime(soakLeft) })]),
    ...failed.map(({ build, reason, at }) => words.say(`result-status-failed-${reason}`, { build, at })),
  ];
}
