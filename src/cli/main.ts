/** The process around the program: signals, streams that close early, bugs, and the exit code. */
import { constants } from 'node:os';
import { languageFromEnvironment } from '../base/catalogue.ts';
import { systemClock } from '../base/clock.ts';
import { runProgram, wantsJson } from './program.ts';
import { describeFailure, failureObject, failureText } from './render-failure.ts';

const words = process.argv.slice(2);
const stop = new AbortController();
let stopSignal: 'SIGINT' | 'SIGTERM' | undefined;

/** The first signal asks for a clean end, the second ends the process as if nobody had asked. */
function onSignal(signal: 'SIGINT' | 'SIGTERM'): void {
  if (stopSignal !== undefined) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    return;
  }
  stopSignal = signal;
  stop.abort(new Error(`received ${signal}`));
}

/** How long, in milliseconds, a connection or a timer that was forgotten may keep a command from ending. */
const patience = 1000;

/** A reader that has gone (`satchel list | head -1`) is no failure of the command. */
function ignoreClosedReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (error && (error as NodeJS.ErrnoException).code !== 'EPIPE') reject(error);
      else resolve();
    });
  });
}

/** A bug of ours that nothing caught: one sentence, and the end. */
function onBug(error: unknown): void {
  const failure = describeFailure(error, {
    doing: '',
    language: languageFromEnvironment(process.env),
    environment: process.env,
    signal: stop.signal,
  });
  process.stderr.write(failureText(failure));
  if (wantsJson(words)) process.stdout.write(`${JSON.stringify(failureObject(failure))}\n`);
  process.exit(failure.exitCode);
}

process.on('SIGINT', onSignal);
process.on('SIGTERM', onSignal);
process.on('uncaughtException', onBug);
process.stdout.on('error', ignoreClosedReader);
process.stderr.on('error', ignoreClosedReader);

// No `await` outside a function: the bundle is made of CommonJS files.
void runProgram({
  words,
  environment: process.env,
  get input() {
    return process.stdin;
  },
  print,
  errors: process.stderr,
  width: Math.min(process.stdout.columns ?? 100, 120),
  signal: stop.signal,
  clock: systemClock,
}).then((end) => {
  process.exitCode =
    end.cancelled && stopSignal !== undefined ? 128 + constants.signals[stopSignal] : end.exitCode;
  // By itself the process ends in order. Ended by force while another thread of the engine waits for memory, it
  // can wait for that thread for ever; so only what something keeps from ending is ended so.
  setTimeout(() => process.exit(), patience).unref();
});
