import { type MessageCode, type MessageParameters, messages, say } from './catalogue.ts';

/** Process exit codes that scripts rely on. 0 is success and needs no error. */
export type ExitCode = 1 | 2 | 3 | 4;

/** What may accompany a failure beside its code and parameters. */
export type ErrorContext = {
  /** What the program was doing, for example `publish py802-1`; shown before the sentence. */
  doing?: string;
  /** The error underneath, kept for logs; never shown to an operator as a stack trace. */
  cause?: unknown;
};

/**
 * The one error class of Satchel: a stable code, a sentence from the catalogue that a tired operator
 * understands, and what to do next. Plain `Error` means a bug in Satchel itself.
 */
export class SatchelError extends Error {
  readonly code: MessageCode;
  readonly parameters: MessageParameters;
  readonly exitCode: ExitCode;
  readonly doing: string | undefined;

  constructor(code: MessageCode, parameters: MessageParameters = {}, context: ErrorContext = {}) {
    super(
      say(code, parameters, 'en').text,
      context.cause === undefined ? undefined : { cause: context.cause },
    );
    this.name = 'SatchelError';
    this.code = code;
    this.parameters = parameters;
    this.exitCode = messages[code].exit ?? 1;
    this.doing = context.doing;
  }
}

/** True when `error` is a SatchelError, and of one of the given codes if any are given. */
export function isSatchelError(error: unknown, ...codes: MessageCode[]): error is SatchelError {
  return error instanceof SatchelError && (codes.length === 0 || codes.includes(error.code));
}

/** The `code` of a system error (`ENOENT`, `EEXIST`, …), or undefined for any other value. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? (unnamedErrors[error.code] ?? error.code) : undefined;
}

/** Errors of Linux that Node.js has no names for: what damaged metadata of a file system and a lacking hash give. */
const unnamedErrors: Readonly<Record<string, string>> = {
  'Unknown system error -65': 'ENOPKG',
  'Unknown system error -74': 'EBADMSG',
  'Unknown system error -117': 'EUCLEAN',
};

/** What an error says; of what is thrown and is no error, its text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
