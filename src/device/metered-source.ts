import type { LinkRate } from '../plan/link.ts';
import type { SourceStore } from '../store/open.ts';
import type { Reading } from '../store/store.ts';
import type { Allowance, Grant } from './allowance.ts';
import type { DataAccount } from './data-account.ts';

/** What came from a source in the course of one command. */
export type Meter = {
  /** Bytes of files, without what the protocol adds. */
  contentBytes(): number;
  /** What the link was like; undefined when too little came to tell. */
  measured(): LinkRate | undefined;
  /** The same since it was last taken, for a process that goes on for days. */
  takeMeasured(): LinkRate | undefined;
};

/** A source whose every byte is counted. */
export type MeteredSource = SourceStore & {
  readonly meter: Meter;
  /**
   * Does something else on the connections of the source that may receive so many bytes, and counts what came. Throws
   * `data-budget-spent` when the month has not as many left, and what `action` throws.
   */
  counted<Result>(mostBytes: number, action: () => Promise<Result>): Promise<Result>;
};

export type MeterOptions = {
  /** Where the bytes are counted; undefined for a source that costs nothing. */
  readonly account?: DataAccount | undefined;
  /** What may still be received; undefined: there is no monthly budget. */
  readonly allowance?: Allowance | undefined;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
};

/** Bytes that come without a pause and are enough to tell the rate from: less says more of how TCP starts. */
const tellingBytes = 256 * 1024;

/** Bytes after which a transfer that goes on is counted. */
const countedBytes = 256 * 1024;

/**
 * Counts what is read through a store, and measures the link meanwhile. With a monthly budget no more is asked for than
 * may be received. Reads throw what the store throws, and `data-budget-spent`.
 */
export function meterSource(source: SourceStore, options: MeterOptions): MeteredSource {
  const { account, allowance, now = () => performance.now() } = options;
  const link = createLinkMeasure(now);
  let content = 0;
  let accounted = 0;
  const settle = () => {
    const { bytesReceived } = source.counters();
    account?.add(bytesReceived - accounted);
    accounted = bytesReceived;
  };
  const uncounted = () => source.counters().bytesReceived - accounted;

  async function* metered(body: Reading['body'], grant: Grant | undefined): AsyncGenerator<Uint8Array> {
    const end = link.begin();
    let length = 0;
    try {
      for await (const piece of body) {
        length += piece.length;
        content += piece.length;
        if (uncounted() >= countedBytes) settle();
        grant?.check(uncounted());
        yield piece;
      }
      grant?.requireWhole();
    } finally {
      end(length);
      settle();
      grant?.end();
    }
  }

  return {
    ...source,
    async read(name, readOptions = {}) {
      const grant = await allowance?.ask(readOptions.length);
      const asked = now();
      try {
        const length = grant?.length ?? readOptions.length;
        const { size, body } = await source.read(name, { ...readOptions, length });
        link.answered(now() - asked);
        return { size, body: metered(body, grant) };
      } catch (error) {
        settle();
        grant?.end();
        throw error;
      }
    },
    async counted(mostBytes, action) {
      const grant = await allowance?.ask(mostBytes);
      try {
        grant?.requireWhole();
        return await action();
      } finally {
        settle();
        grant?.end();
      }
    },
    async close() {
      await source.close();
      settle();
      await account?.close();
    },
    meter: { contentBytes: () => content, measured: link.result, takeMeasured: link.take },
  };
}

type LinkMeasure = {
  /** A request was answered after so many milliseconds. */
  answered(milliseconds: number): void;
  /** A body begins; call the answer with its length when it has ended. */
  begin(): (bytes: number) => void;
  result(): LinkRate | undefined;
  take(): LinkRate | undefined;
};

/** Measures over all connections: from the first body that comes until none does. */
function createLinkMeasure(now: () => number): LinkMeasure {
  let roundTrip = Number.POSITIVE_INFINITY;
  let active = 0;
  let started = 0;
  let bytes = 0;
  const total = { bytes: 0, milliseconds: 0 };
  const result = (): LinkRate | undefined => {
    if (total.bytes === 0 || total.milliseconds <= 0) return undefined;
    return { bytesPerSecond: (total.bytes * 1000) / total.milliseconds, roundTrip: roundTrip / 1000 };
  };
  return {
    answered(milliseconds) {
      // The shortest is a round trip; the others had to connect first, or the server was busy.
      roundTrip = Math.min(roundTrip, milliseconds);
    },
    begin() {
      if (active === 0) [started, bytes] = [now(), 0];
      active += 1;
      return (length) => {
        bytes += length;
        active -= 1;
        if (active > 0 || bytes < tellingBytes) return;
        total.bytes += bytes;
        total.milliseconds += now() - started;
      };
    },
    result,
    take() {
      const measured = result();
      if (measured !== undefined) {
        total.bytes = 0;
        total.milliseconds = 0;
      }
      return measured;
    },
  };
}
