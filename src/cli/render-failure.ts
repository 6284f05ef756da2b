import { type Language, type MessageCode, type MessageParameters, say } from '../base/catalogue.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { systemError } from '../os/system-error.ts';

/** A failure as people and scripts see it. */
export type Failure = {
  readonly exitCode: number;
  readonly code: MessageCode;
  readonly parameters: MessageParameters;
  readonly message: string;
  readonly hint?: string;
  /** What the program was doing, for example `publish py802-1`. */
  readonly doing: string;
  /** Where a bug of ours happened; only when SATCHEL_DEBUG asks for it. */
  readonly stack?: string;
};

/** What a failure is reported with. */
export type FailureContext = {
  /** What was being done, when the error does not say. */
  readonly doing: string;
  readonly language: Language;
  readonly environment: NodeJS.ProcessEnv;
  /** When it has been aborted, an AbortError means `cancelled`. */
  readonly signal?: AbortSignal;
};

/** Turns anything thrown into a sentence: our own errors, system errors that nobody caught, and bugs. */
export function describeFailure(error: unknown, context: FailureContext): Failure {
  const known = knownError(error, context.signal);
  const { text, hint } = say(known.code, known.parameters, context.language);
  const debug = context.environment.SATCHEL_DEBUG === '1' && error instanceof Error;
  return {
    exitCode: known.exitCode,
    code: known.code,
    parameters: known.parameters,
    message: text,
    ...(hint === undefined ? {} : { hint }),
    doing: known.doing ?? context.doing,
    ...(debug ? { stack: stackOf(error) } : {}),
  };
}

/** The lines for standard error. */
export function failureText(failure: Failure): string {
  const doing = failure.doing === '' ? '' : `${failure.doing}: `;
  const lines = [`satchel: ${doing}${failure.message}`];
  if (failure.hint !== undefined) lines.push(`  ${failure.hint}`);
  if (failure.stack !== undefined) lines.push(failure.stack);
  return `${lines.join('\n')}\n`;
}

/** The object for `--json`. */
export function failureObject(failure: Failure): unknown {
  const { code, message, hint, doing, parameters } = failure;
  return { error: { code, message, hint, doing, parameters } };
}

function knownError(error: unknown, signal: AbortSignal | undefined): SatchelError {
  if (isSatchelError(error)) return error;
  const aborted = error instanceof Error && error.name === 'AbortError';
  if (signal?.aborted && (aborted || error === signal.reason))
    return new SatchelError('cancelled', {}, { cause: error });
  const system =
    error instanceof Error && 'syscall' in error
      ? systemError(error, ...callOf(error as SystemFailure))
      : error;
  if (isSatchelError(system)) return system;
  const what = error instanceof Error ? `${error.name}: ${error.message}` : `thrown: ${String(error)}`;
  return new SatchelError('internal-error', { what: what.split('\n')[0]!.slice(0, 300) }, { cause: error });
}

type SystemFailure = NodeJS.ErrnoException & { address?: string; port?: number };

/** The call and the path (or address) that a system error is about. */
function callOf(error: SystemFailure): [string, string] {
  const address = error.address === undefined ? undefined : `${error.address}:${error.port ?? ''}`;
  return [error.syscall ?? '', error.path ?? address ?? '?'];
}

function stackOf(error: Error): string {
  const own = error.stack ?? String(error);
  return error.cause instanceof Error ? `${own}\ncause: ${stackOf(error.cause)}` : own;
}
