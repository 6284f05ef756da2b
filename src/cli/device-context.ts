import type { BuildName, StreamName } from '../base/identifiers.ts';
import { type DeviceSession, openSession, type SessionOptions } from '../device/session.ts';

/** What the commands of a device that ask a source are called with. */
export type DeviceCall = Omit<SessionOptions, 'root' | 'source'> & {
  readonly options: {
    readonly root: string;
    readonly source?: string | undefined;
    readonly timeout?: number | undefined;
    readonly stream?: StreamName | undefined;
  };
  readonly arguments: { readonly build?: BuildName | undefined };
};

/** Opens the device of a command, runs `action`, and closes the connections whatever happens. */
export async function withSession<Result>(
  call: DeviceCall,
  action: (session: DeviceSession) => Promise<Result>,
): Promise<Result> {
  const { clock, reporter, signal } = call;
  const { root, source, timeout } = call.options;
  const session = await openSession({ root, source, patience: timeout, clock, reporter, signal });
  try {
    return await action(session);
  } finally {
    await session.close();
  }
}
