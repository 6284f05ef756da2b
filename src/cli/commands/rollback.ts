import { deviceLayout } from '../../device/layout.ts';
import { lockDevice } from '../../device/lock.ts';
import { noteReport } from '../../device/report-make.ts';
import { type RolledBack, rollback } from '../../device/rollback.ts';
import { tellOwnSource } from '../../device/send-report.ts';
import { defineCommand } from '../command.ts';
import { optionalArgument } from '../option-kinds.ts';
import { build, root } from '../shared-options.ts';

/** `satchel rollback`: boot the version before, or a named one. */
export const rollbackCommand = defineCommand({
  arguments: { build: optionalArgument('argument-build-before', 'BUILD', build) },
  options: { root },
  async run({ options, arguments: { build: to }, clock, reporter, signal }) {
    const layout = deviceLayout(options.root);
    using _lock = lockDevice(layout);
    const started = performance.now();
    const result = await rollback({ layout, clock, to, reporter, signal });
    // The end of a trial has been told already.
    if (result.gaveUp === undefined)
      noteRollback({ layout, clock }, result, (performance.now() - started) / 1000);
    const reported = await tellOwnSource(layout, { clock, signal });
    return { ...result, ...(reported > 0 ? { reported } : {}) };
  },
  show: ({ from, to, rebootNeeded, gaveUp }, words) => [
    words.say('result-rollback', { from: from ?? '—', to }),
    ...(rebootNeeded ? [words.say('result-reboot')] : []),
    ...(gaveUp === undefined ? [] : [words.say('result-rollback-gave-up', { build: gaveUp })]),
  ],
});

function noteRollback(
  device: Parameters<typeof noteReport>[0],
  { from, to }: RolledBack,
  seconds: number,
): void {
  const way = { build: to, ...(from === null ? {} : { from }) };
  const result = { ...way, result: 'done', bytesReceived: 0, requests: 0, seconds } as const;
  noteReport(device, { event: 'rollback', result });
}
