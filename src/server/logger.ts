import {
  type DestinationStream,
  destination,
  type Logger,
  pino,
  stdSerializers,
  stdTimeFunctions,
} from 'pino';
import { SatchelError } from '../base/errors.ts';

/** How much is logged, from nothing to everything. */
const logLevels = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;

/** Where and how much to log. */
export type LogOptions = {
  /** `info` when absent: one line a request. */
  readonly level?: (typeof logLevels)[number];
  /** Takes JSON lines; standard error when absent. */
  readonly destination?: DestinationStream;
};

/** A logger of JSON lines, and the way to write out what it still holds. */
export type OpenLog = { readonly log: Logger; flush(): void };

/** Opens the log. Lines to standard error are written behind the requests' back; `flush` before the process ends. */
export function openLog(options: LogOptions): OpenLog {
  const settings = {
    level: options.level ?? 'info',
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    // What has a sentence of its own needs no trace; what has none is a bug, and its trace is wanted.
    serializers: { err: describeError },
    formatters: { level: (label: string) => ({ level: label }) },
  };
  if (options.destination) return { log: pino(settings, options.destination), flush() {} };
  const stream = destination({ dest: 2, sync: false });
  return {
    log: pino(settings, stream),
    flush() {
      try {
        stream.flushSync();
      } catch {
        // Nobody reads standard error any more, or it was never written to.
      }
    },
  };
}

function describeError(error: Error): object {
  return error instanceof SatchelError
    ? { code: error.code, message: error.message }
    : stdSerializers.err(error);
}
