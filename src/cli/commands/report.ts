import { SatchelError } from '../../base/errors.ts';
import { makeReport, wantsReports } from '../../device/report-make.ts';
import { sendReports } from '../../device/send-report.ts';
import { defineCommand } from '../command.ts';
import { withSession } from '../device-context.ts';
import { flag } from '../option-kinds.ts';
import { root, source, timeout } from '../shared-options.ts';

/** `satchel report`: tell the source now what this device runs and what waits to be told. */
export const reportCommand = defineCommand({
  arguments: {},
  options: { root, source, timeout, requestLease: flag('option-request-lease') },
  run: (call) =>
    withSession(call, async (session) => {
      const { clock, signal } = call;
      const { layout, store } = session;
      if (!wantsReports(layout)) throw new SatchelError('reports-switched-off');
      const event = call.options.requestLease ? 'lease-request' : 'state';
      makeReport({ layout, clock }, { event });
      const { sent, waiting, refused, noWay } = await sendReports(session, { clock, signal });
      const source = store.location;
      if (noWay) throw new SatchelError('reports-no-way', { source, count: waiting });
      if (refused !== undefined)
        throw new SatchelError('reports-not-taken', { source, status: refused, count: waiting });
      return { source, sent, waiting, ...session.counters() };
    }),
  show: ({ source, sent, waiting }, words) => [words.say('result-report-sent', { source, sent, waiting })],
});
