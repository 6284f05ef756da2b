import { existsSync } from 'node:fs';
import { SatchelError } from '../base/errors.ts';

/** Which key in which token, by the words of RFC 7512. What is not named may be anything. */
export type TokenUri = {
  readonly token?: string;
  readonly serial?: string;
  readonly manufacturer?: string;
  readonly model?: string;
  readonly 'slot-id'?: string;
  readonly object?: string;
  /** Bytes, one character each. */
  readonly id?: string;
  /** The shared library of the token. */
  readonly modulePath?: string;
  /** A file with the PIN in its first line. */
  readonly pinFile?: string;
};

const inPath = ['token', 'serial', 'manufacturer', 'model', 'slot-id', 'object', 'id', 'type'];

/**
 * Reads `pkcs11:token=…;object=…?module-path=…&pin-source=file:…`. A PIN inside of it is refused: arguments are seen by
 * everybody on the machine. Throws `signer-pin-in-reference`, `signer-reference-invalid`.
 */
export function parseTokenUri(text: string): TokenUri {
  const [path = '', query = ''] = text.slice('pkcs11:'.length).split(/\?(.*)/s);
  const found: Record<string, string> = {};
  for (const [name, value] of pairs(path, ';')) {
    if (!inPath.includes(name) || name in found) throw invalid(name);
    if (name === 'type' && value !== 'private') throw invalid(`type=${value}`);
    if (name !== 'type') found[name] = value;
  }
  for (const [name, value] of pairs(query, '&')) {
    if (name === 'pin-value') throw new SatchelError('signer-pin-in-reference');
    if (name === 'module-path') found.modulePath = value;
    else if (name === 'pin-source') found.pinFile = value.replace(/^file:(?:\/\/(?=\/))?/, '');
    else throw invalid(name);
  }
  if (found['slot-id'] !== undefined && !/^\d{1,9}$/.test(found['slot-id'])) throw invalid('slot-id');
  return found;
}

function* pairs(text: string, separator: string): Generator<[name: string, value: string]> {
  for (const part of text.split(separator)) {
    if (part === '') continue;
    const [name = '', value] = part.split(/=(.*)/s);
    if (value === undefined) throw invalid(name);
    yield [name, decoded(name, value)];
  }
}

function decoded(name: string, value: string): string {
  try {
    // An id is bytes, which need not be text.
    if (name === 'id')
      return value.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      );
    return decodeURIComponent(value);
  } catch (error) {
    throw new SatchelError('signer-reference-invalid', { part: name }, { cause: error });
  }
}

function invalid(part: string): SatchelError {
  return new SatchelError('signer-reference-invalid', { part: part.slice(0, 80) });
}

/** Where the module is when the URI does not say: `SATCHEL_PKCS11_MODULE`, else the one that stands for all of a system. */
export function usualModule(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = environment.SATCHEL_PKCS11_MODULE;
  if (named !== undefined && named !== '') return named;
  return ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib']
    .map((folder) => `${folder}/p11-kit-proxy.so`)
    .find((path) => existsSync(path));
}
