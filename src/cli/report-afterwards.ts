import type { Clock } from '../base/clock.ts';
import { isReportDue } from '../device/report-make.ts';
import type { DeviceSession } from '../device/session.ts';

/** What a result says when reports went along with what the command did. */
export type Reported = {
  /** Reports that the source took; absent when there were none to tell. */
  readonly reported?: number;
};

type Call = { readonly clock: Clock; readonly signal: AbortSignal };

/**
 * Does what a command is for, and then tells the source what there is to tell; the bytes of that are counted in the
 * result. Whatever goes wrong in telling changes nothing of what was done.
 */
export async function reportAfterwards<Result extends object>(
  session: DeviceSession,
  call: Call,
  action: () => Promise<Result>,
): Promise<Result & Reported> {
  let result: Result;
  try {
    result = await action();
  } catch (error) {
    await tellOf(error, session, call);
    throw error;
  }
  const reported = await tell(session, call);
  if (reported === 0) return result;
  return { ...result, ...('bytesReceived' in result ? session.counters() : {}), reported };
}

async function tell(session: DeviceSession, { clock, signal }: Call): Promise<number> {
  // Most runs end here, and load nothing of the rest.
  if (!isReportDue({ layout: session.layout, clock })) return 0;
  const { tellReports } = await import('../device/send-report.ts');
  return tellReports(session, { clock, signal });
}

/** A source that is the reason of the failure is not asked for more. */
async function tellOf(error: unknown, session: DeviceSession, call: Call): Promise<void> {
  const { isSourceGone } = await import('../device/send-report.ts');
  if (!isSourceGone(error)) await tell(session, call);
}
