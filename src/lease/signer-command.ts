import { createPublicKey, type KeyObject } from 'node:crypto';
import { throwIfCancelled } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import { createPool } from '../base/pool.ts';
import { parseKeyLine } from '../formats/signature-line.ts';
import { findProgram, type ProcessOutcome, runFilter } from '../os/process.ts';
import { readPublicKey } from './key-files.ts';
import { checkedKey, checkedSignature } from './signer-check.ts';
import type { Signer, SignerOptions } from './signer-type.ts';

/** A program that signs, and the words it is called with. */
type SigningCommand = {
  readonly program: string;
  readonly words: readonly string[];
  /** The public key, when the program is not asked for it. */
  readonly publicKey: string | undefined;
};

/** Somebody may have to touch a key. */
const patience = 120_000;
const longestAnswer = 8192;
/** Programs that run at once: a server is asked by thousands of laptops. */
const mostAtOnce = 4;

/**
 * A signer that asks a program: `command:PROGRAM ARG…` is run as `PROGRAM ARG… public-key`, which prints the public key
 * (a `key01` line, PEM, or the laptops' DER), and as `PROGRAM ARG… sign` with the message on its standard input, which
 * prints the signature of 256 bytes, raw or as 512 hex digits. `command:public=FILE PROGRAM ARG…` is run as it stands, to
 * sign. The passphrase is in its environment as `SATCHEL_PASSPHRASE`. Every answer is checked.
 *
 * Throws `signer-reference-invalid`, `signer-program-missing`, `signer-failed`, `signer-key-unfit`.
 */
export async function openCommandSigner(reference: string, options: SignerOptions): Promise<Signer> {
  const command = parseCommand(reference.slice('command:'.length));
  const name = command.program;
  const key =
    command.publicKey === undefined
      ? keyIn(await run(command, 'public-key', new Uint8Array(), options), name)
      : readPublicKey(command.publicKey);
  const publicKey = checkedKey(key, name);
  const turns = createPool(Array.from({ length: mostAtOnce }, (_, turn) => turn));
  return {
    publicKey,
    async sign(bytes, { signal } = {}) {
      throwIfCancelled(signal);
      const printed = await turns.use(async () => {
        throwIfCancelled(signal);
        return run(command, 'sign', bytes, { ...options, signal });
      });
      return checkedSignature(signatureIn(printed), bytes, publicKey, name);
    },
    async close() {},
  };
}

/** Words as in a shell, without its variables: spaces part them, quotes hold them together. */
function parseCommand(text: string): SigningCommand {
  const words = [...text.matchAll(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g)].map(([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, '$1$2'),
  );
  const publicKey = words[0]?.startsWith('public=') ? words.shift()?.slice('public='.length) : undefined;
  const [named, ...rest] = words;
  if (named === undefined) throw new SatchelError('signer-reference-invalid', { part: 'command:' });
  const program = named.includes('/') ? named : findProgram(named);
  if (program === undefined) throw new SatchelError('signer-program-missing', { program: named });
  return { program, words: rest, publicKey };
}

async function run(
  { program, words, publicKey }: SigningCommand,
  task: 'public-key' | 'sign',
  input: Uint8Array,
  { passphrase, signal }: SignerOptions,
): Promise<Buffer> {
  const late = AbortSignal.timeout(patience);
  const pieces: Uint8Array[] = [];
  let length = 0;
  const fail = (why: string) => new SatchelError('signer-failed', { what: program, why });
  try {
    for await (const piece of runFilter({
      program,
      arguments: publicKey === undefined ? [...words, task] : words,
      input: once(input),
      hasChildren: true,
      signal: signal === undefined ? late : AbortSignal.any([signal, late]),
      environment: passphrase === undefined ? {} : { SATCHEL_PASSPHRASE: passphrase },
      judge: (outcome) => (outcome.exitCode === 0 ? undefined : fail(whyOf(outcome))),
    })) {
      length += piece.length;
      if (length > longestAnswer) throw fail(`> ${longestAnswer} bytes`);
      pieces.push(piece);
    }
  } catch (error) {
    if (late.aborted && !signal?.aborted) throw fail(`> ${patience / 1000} s`);
    throw error;
  }
  return Buffer.concat(pieces);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

function whyOf({ exitCode, signal, standardError }: ProcessOutcome): string {
  return standardError.trim().split('\n')[0]?.slice(0, 200) || String(signal ?? exitCode);
}

function keyIn(printed: Buffer, signer: string): KeyObject {
  const text = printed.toString('latin1').trim();
  for (const read of [
    () => parseKeyLine(text),
    () => createPublicKey(text),
    () => createPublicKey({ key: printed, format: 'der', type: 'pkcs1' }),
  ])
    try {
      return read();
    } catch {
      // Each form is tried; what none of them reads is told below.
    }
  throw new SatchelError('signer-key-unfit', { signer });
}

function signatureIn(printed: Buffer): Uint8Array {
  const hex = printed.toString('latin1').trim();
  return /^[0-9a-f]{512}$/i.test(hex) ? Buffer.from(hex, 'hex') : printed;
}
