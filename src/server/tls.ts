import { readFileSync, statSync } from 'node:fs';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import { messageOf, SatchelError } from '../base/errors.ts';

/** The files of a certificate, PEM. */
export type TlsFiles = {
  /** The certificate first, then those above it. */
  readonly certificate: string;
  readonly key: string;
};

type TlsPair = { readonly cert: Buffer; readonly key: Buffer };

/** Milliseconds between two looks whether the files have changed. */
const pause = 1000;

/** Reads and checks the pair. Throws `tls-file-unusable`. */
export function readTls({ certificate, key }: TlsFiles): TlsPair {
  try {
    const pair = { cert: readFileSync(certificate), key: readFileSync(key) };
    createSecureContext(pair);
    return pair;
  } catch (error) {
    throw new SatchelError(
      'tls-file-unusable',
      { certificate, key, why: messageOf(error) },
      { cause: error },
    );
  }
}

/**
 * Has a server use the files as they are: before each connection, at most once a second, it looks whether they are others.
 * While what lies there does not fit together (a renewal that is half done), the former pair stays.
 */
export function keepTlsFresh(
  server: Server,
  files: TlsFiles,
  {
    onFailure,
    now = () => performance.now(),
  }: {
    readonly onFailure: (error: unknown) => void;
    readonly now?: () => number;
  },
): void {
  let seen = stateOf(files);
  let looked = now();
  // Before the listener that begins the handshake.
  server.prependListener('connection', () => {
    if (now() - looked < pause) return;
    looked = now();
    const state = stateOf(files);
    if (state === seen) return;
    seen = state;
    try {
      server.setSecureContext(readTls(files));
    } catch (error) {
      onFailure(error);
    }
  });
}

/** Another text when one of the files is another, or was written since. */
function stateOf({ certificate, key }: TlsFiles): string {
  return [certificate, key].map(stateOfFile).join(' ');
}

function stateOfFile(path: string): string | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false, bigint: true });
    return found && `${found.dev}:${found.ino}:${found.size}:${found.mtimeNs}`;
  } catch (error) {
    // A folder that was closed to us, or a link to itself, must not end the server; reading says what is wrong.
    return messageOf(error);
  }
}
