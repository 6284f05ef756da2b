import { SatchelError } from '../base/errors.ts';
import type { TargetEdit } from './documents.ts';
import { isObject, type JsonObject, type JsonValue, kindOf, readSigned, type Signature } from './metadata.ts';
import { custodyOf, type DelegatedRole, isDelegatedRole, isRole } from './roles.ts';
import type { RequestedDocument, SigningRequest } from './signing-request.ts';

/** The signing request as a file: one JSON object, `satchel` is "signing-request", `format` 1. */

const kind = 'signing-request';
const format = 1;

/** The bytes of a request file. */
export function serialiseRequest(request: SigningRequest): Uint8Array {
  const value = {
    satchel: kind,
    format,
    made: request.made,
    oldKeysLost: request.oldKeysLost,
    documents: request.documents.map(({ document, previous }) => ({
      ...document,
      previous: previous ?? null,
    })),
    edits: [...request.edits].map(([role, { set, remove }]) => ({
      role,
      set: [...set].map(([path, file]) => ({
        path,
        length: file.length,
        sha256: file.hashes.get('sha256')!,
      })),
      remove: [...remove],
    })),
  };
  return Buffer.from(`${JSON.stringify(value, null, 1)}\n`, 'utf8');
}

/** Reads a request file; `file` is its name for people. Throws `request-invalid`. */
export function parseRequest(bytes: Uint8Array, file: string): SigningRequest {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    const request = object(value);
    if (request.satchel !== kind || request.format !== format) throw new Error('not a signing request');
    return {
      made: text(request.made),
      oldKeysLost: request.oldKeysLost === true,
      documents: list(request.documents).map((item) => requestedDocument(object(item))),
      edits: new Map(list(request.edits).map((item) => targetEdit(object(item)))),
    };
  } catch (error) {
    throw new SatchelError('request-invalid', { file }, { cause: error });
  }
}

function requestedDocument(item: JsonObject): RequestedDocument {
  const role = text(item.role);
  if (!isRole(role) || custodyOf[role] !== 'offline') throw new Error(`no offline role: ${role}`);
  const signed = object(item.signed);
  readSigned(kindOf(role), signed, { file: role, source: 'request' });
  return {
    document: {
      role,
      replaces: whole(item.replaces),
      signed,
      signatures: list(item.signatures).map((signature): Signature => {
        const { keyid, sig } = object(signature);
        return { keyid: text(keyid), sig: text(sig) };
      }),
      requirements: list(item.requirements).map((requirement) => {
        const { keyids, threshold } = object(requirement);
        return { keyids: list(keyids).map(text), threshold: whole(threshold) };
      }),
      keys: Object.fromEntries(Object.entries(object(item.keys)).map(([keyid, key]) => [keyid, object(key)])),
    },
    previous: item.previous === null ? undefined : text(item.previous),
  };
}

function targetEdit(item: JsonObject): [DelegatedRole, TargetEdit] {
  const role = text(item.role);
  if (!isDelegatedRole(role)) throw new Error(`no role with targets: ${role}`);
  const set = list(item.set).map((entry) => {
    const { path, length, sha256 } = object(entry);
    return [text(path), { length: whole(length), hashes: new Map([['sha256', text(sha256)]]) }] as const;
  });
  return [role, { set: new Map(set), remove: new Set(list(item.remove).map(text)) }];
}

function object(value: unknown): JsonObject {
  if (!isObject(value)) throw new Error('not an object');
  return value;
}

function list(value: JsonValue | undefined): JsonValue[] {
  if (!Array.isArray(value)) throw new Error('not a list');
  return value;
}

function text(value: JsonValue | undefined): string {
  if (typeof value !== 'string') throw new Error('not a text');
  return value;
}

function whole(value: JsonValue | undefined): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw new Error('not a count');
  return value;
}
