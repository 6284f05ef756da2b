import { randomBytes } from 'node:crypto';
import {
  formatHashcash,
  type HashcashChallenge,
  makeHashcash,
  parseHashcashChallenge,
} from '../advice/hashcash.ts';
import { type OatsAnswer, verifyOatsAnswer } from '../advice/oats-answer.ts';
import { longestOatsAnswer } from '../advice/oats-envelope.ts';
import type { OatsNames } from '../advice/oats-names.ts';
import { encodeOatsRequest, type OatsRequest, oatsNonce, oatsPath } from '../advice/oats-request.ts';
import type { Clock } from '../base/clock.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import type { DeviceLayout } from '../device/layout.ts';
import { openMeteredSource } from '../device/open-source.ts';
import type { Serial } from '../lease/laptop.ts';
import type { HttpAnswer, HttpQuestion } from '../store/http.ts';
import type { LaptopTrust } from './lease-keys.ts';

/** Milliseconds that a server may be silent. */
const usualPatience = 15_000;

/** A whole answer, which is a few kilobytes, may take so many times as long. */
const mostPatience = 8;

/** What a laptop asks with; the serial number and the nonce are added. */
export type OatsReport = Omit<OatsRequest, 'serial' | 'nonce'>;

export type AskOatsOptions = {
  readonly layout: DeviceLayout;
  /** Addresses in the order in which they are asked, each with a slash at its end. */
  readonly servers: readonly string[];
  readonly serial: Serial;
  readonly trust: Pick<LaptopTrust, 'oatsKeys'>;
  readonly report: OatsReport;
  /** What the fields of answers are called. */
  readonly names: OatsNames;
  /** True: answers are taken without a good signature. They say nothing about time or theft then. */
  readonly ignoreSignatures: boolean;
  readonly clock: Clock;
  /** The clock, or the floor of time if that is later. */
  readonly now: number;
  readonly patience?: number | undefined;
  /** Whether an answer that can be believed is also what is needed; absent: it is. */
  readonly isEnough?: ((answered: OatsAnswered) => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** An answer that belongs to what was asked. */
export type OatsAnswered = {
  readonly server: string;
  readonly answer: OatsAnswer;
  /** True: a trusted key has signed it. */
  readonly isVerified: boolean;
};

/**
 * Asks the servers one after the other until one gives an answer that can be believed and is enough; where none is, the
 * first that can be believed counts, one that is signed before one that is not. Throws what kept the last of them from it, or the first whose answer was not to be believed: that says more than a server which is away.
 */
export async function askOats(options: AskOatsOptions): Promise<OatsAnswered> {
  let failure: unknown;
  let forged: unknown;
  let next: OatsAnswered | undefined;
  for (const server of options.servers) {
    try {
      const answered = await askServer(server, options);
      if (options.isEnough?.(answered) ?? true) return answered;
      if (next === undefined || (answered.isVerified && !next.isVerified)) next = answered;
    } catch (error) {
      if (!isSatchelError(error) || error.code === 'cancelled') throw error;
      failure = error;
      if (!isAbsence(error)) forged ??= error;
    }
  }
  if (next !== undefined) return next;
  throw forged ?? failure ?? new SatchelError('agent-no-server');
}

/** True for a server that is away or does not have the service, rather than saying something wrong. */
export function isAbsence(error: SatchelError): boolean {
  return error.code.startsWith('store-') || error.code.startsWith('agent-');
}

async function askServer(server: string, options: AskOatsOptions): Promise<OatsAnswered> {
  const { layout, clock, signal, patience = usualPatience } = options;
  // What a lease costs is counted, and no budget keeps a laptop from it.
  const { store } = await openMeteredSource(layout, {
    address: server,
    monthlyBytes: undefined,
    patience,
    clock,
  });
  try {
    const { ask } = store;
    if (ask === undefined) throw new SatchelError('agent-no-server');
    const nonce = oatsNonce(options.serial, randomBytes(16).toString('hex'));
    const send = (stamp?: string) =>
      store.counted(longestOatsAnswer, () =>
        withinTime({ server, signal, limit: patience * mostPatience }, (until) =>
          ask(question({ ...options, signal: until }, nonce, stamp)),
        ),
      );
    let answered = await send();
    const challenge = challengeIn(answered);
    if (challenge !== undefined)
      answered = await send(
        await makeHashcash(challenge, { now: options.now, ...(signal ? { signal } : {}) }),
      );
    if (answered.status !== 200)
      throw new SatchelError('agent-server-refused', { server, status: answered.status });
    return { server, ...believe(answered.body, nonce, options) };
  } finally {
    await store.close();
  }
}

/** Throws `agent-server-slow` when the time is over: one server that sends drops must not keep all others waiting. */
async function withinTime<Result>(
  { server, signal, limit }: { server: string; signal: AbortSignal | undefined; limit: number },
  action: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const over = AbortSignal.timeout(limit);
  try {
    return await action(signal === undefined ? over : AbortSignal.any([signal, over]));
  } catch (error) {
    if (!isSatchelError(error, 'cancelled') || !over.aborted || signal?.aborted) throw error;
    throw new SatchelError('agent-server-slow', { server, seconds: limit / 1000 });
  }
}

function question(
  { serial, report, signal }: AskOatsOptions,
  nonce: string,
  stamp: string | undefined,
): HttpQuestion {
  return {
    method: 'POST',
    path: oatsPath.slice(1),
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      ...(stamp === undefined ? {} : { Authorization: formatHashcash(stamp) }),
    },
    body: Buffer.from(encodeOatsRequest({ ...report, serial, nonce }), 'latin1'),
    limit: longestOatsAnswer,
    signal,
  };
}

function challengeIn({ status, headers }: HttpAnswer): HashcashChallenge | undefined {
  return status === 401
    ? parseHashcashChallenge([headers['www-authenticate'] ?? ''].flat()[0] ?? '')
    : undefined;
}

/** Where signatures are ignored a good one still counts: it may say what an unsigned answer may not. */
function believe(
  body: Uint8Array,
  nonce: string,
  { serial, trust, ignoreSignatures, now, names }: AskOatsOptions,
): Omit<OatsAnswered, 'server'> {
  const common = { keys: trust.oatsKeys, serial, nonce, now, names };
  try {
    return { answer: verifyOatsAnswer(body, common), isVerified: true };
  } catch (error) {
    if (!ignoreSignatures || !isSatchelError(error)) throw error;
    return { answer: verifyOatsAnswer(body, { ...common, ignoreSignatures }), isVerified: false };
  }
}
