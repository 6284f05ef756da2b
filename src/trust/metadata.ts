import { SatchelError } from '../base/errors.ts';
import { trustFormat } from './roles.ts';

/**
 * Metadata files as TUF 1.0 defines them: the outer shape, and a strict reader for each kind of signed part.
 * The readers are our own because those of the models library copy the whole map for each entry: a file of
 * 10 000 targets, well inside the length limit, takes it 12 seconds.
 */

export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
export type JsonObject = { [key: string]: JsonValue };

/** Which file is being read and where it came from, for people. */
export type Where = { readonly file: string; readonly source: string };

/** One signature: the id of the key and the signature in hex. */
export type Signature = { readonly keyid: string; readonly sig: string };

/** A metadata file before anything in it is believed. */
export type Envelope = { readonly signed: JsonObject; readonly signatures: readonly Signature[] };

/** Which keys sign for a role, and how many of them have to. */
export type RoleKeys = { readonly keyids: readonly string[]; readonly threshold: number };

/** Public keys as TUF writes them, by key id. */
export type KeySet = ReadonlyMap<string, JsonObject>;

/** What every signed part has. Times are milliseconds since 1970. */
export type Signed = {
  readonly version: number;
  readonly expires: number;
  /** When it was signed, as its signer says (our field); absent in repositories that are not ours. */
  readonly issued: number | undefined;
  /** Only in root: devices lower their floor of time to this. */
  readonly lowerFloor: number | undefined;
  /** The signed part as it was read, unknown fields included. */
  readonly raw: JsonObject;
};

export type RootMetadata = Signed & {
  readonly keys: KeySet;
  readonly roles: ReadonlyMap<string, RoleKeys>;
  readonly consistentSnapshot: boolean;
};

/** What timestamp and snapshot say of another metadata file. */
export type MetaFile = {
  readonly version: number;
  readonly length: number | undefined;
  /** Hex digests by algorithm. */
  readonly hashes: ReadonlyMap<string, string> | undefined;
};

export type TimestampMetadata = Signed & { readonly snapshot: MetaFile };

/** `meta` is keyed by file name: `targets.json`. */
export type SnapshotMetadata = Signed & { readonly meta: ReadonlyMap<string, MetaFile> };

/** A target file: its length in bytes and hex digests by algorithm. */
export type TargetFile = { readonly length: number; readonly hashes: ReadonlyMap<string, string> };

export type Delegation = RoleKeys & {
  readonly name: string;
  readonly terminating: boolean;
  /** Patterns with `*` and `?`, neither of which matches `/`. */
  readonly paths: readonly string[];
  /** Prefixes of the SHA-256 of the path. */
  readonly pathHashPrefixes: readonly string[];
};

export type TargetsMetadata = Signed & {
  readonly targets: ReadonlyMap<string, TargetFile>;
  readonly keys: KeySet;
  readonly delegations: readonly Delegation[];
};

/** The kind of signed part, by the name in its `_type`. */
export type MetadataKinds = {
  root: RootMetadata;
  timestamp: TimestampMetadata;
  snapshot: SnapshotMetadata;
  targets: TargetsMetadata;
};

/** The kind of metadata that a role signs: every role under `targets` is of that kind too. */
export function kindOf(role: string): keyof MetadataKinds {
  return role === 'root' || role === 'timestamp' || role === 'snapshot' ? role : 'targets';
}

/** Reads the outer shape of a metadata file. Nothing in it may be believed yet. Throws `metadata-malformed`. */
export function readEnvelope(bytes: Uint8Array, where: Where): Envelope {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw malformed(where, 'JSON', error);
  }
  const outer = object(value, where, '{}');
  const signed = object(outer.signed, where, 'signed');
  if (!Array.isArray(outer.signatures)) throw malformed(where, 'signatures');
  const seen = new Set<string>();
  const signatures = outer.signatures.map((item) => {
    const signature = object(item, where, 'signatures');
    const keyid = text(signature.keyid, where, 'keyid');
    if (seen.has(keyid)) throw malformed(where, `signatures, ${keyid.slice(0, 16)}`);
    seen.add(keyid);
    return { keyid, sig: text(signature.sig, where, 'sig') };
  });
  return { signed, signatures };
}

/**
 * Throws `repository-newer` when the signed part was written for a newer Satchel or a newer TUF. Called once
 * the signatures are known to be good, and before the shape is judged.
 */
export function requireKnownFormat(signed: JsonObject, where: Where): void {
  const ours = signed.satchel;
  if (isObject(ours) && typeof ours.format === 'number' && ours.format > trustFormat)
    throw newer(where, ours.format);
  const specification = signed.spec_version;
  const major =
    typeof specification === 'string' ? /^(\d+)\.\d+(?:\.\d+)?$/.exec(specification)?.[1] : undefined;
  if (major === undefined) throw malformed(where, 'spec_version');
  if (major !== '1') throw newer(where, `TUF ${specification}`);
}

/** Reads the signed part of one kind. Throws `metadata-malformed`. */
export function readSigned<Kind extends keyof MetadataKinds>(
  kind: Kind,
  signed: JsonObject,
  where: Where,
): MetadataKinds[Kind] {
  if (signed._type !== kind) throw malformed(where, '_type');
  return readers[kind](signed, where);
}

/** Reads the signed part of a file that was verified before it was stored. Throws `metadata-malformed`. */
export function readVerified<Kind extends keyof MetadataKinds>(
  kind: Kind,
  bytes: Uint8Array,
  where: Where,
): MetadataKinds[Kind] {
  return readSigned(kind, readEnvelope(bytes, where).signed, where);
}

const readers: {
  readonly [Kind in keyof MetadataKinds]: (signed: JsonObject, where: Where) => MetadataKinds[Kind];
} = {
  root(signed, where) {
    const keys = keySet(signed.keys, where);
    const roles = new Map<string, RoleKeys>();
    for (const [name, value] of entries(signed.roles, where, 'roles'))
      roles.set(name, roleKeys(value, where));
    for (const name of ['root', 'targets', 'snapshot', 'timestamp'])
      if (!roles.has(name)) throw malformed(where, `roles, ${name}`);
    if (typeof signed.consistent_snapshot !== 'boolean') throw malformed(where, 'consistent_snapshot');
    return { ...common(signed, where), keys, roles, consistentSnapshot: signed.consistent_snapshot };
  },
  timestamp(signed, where) {
    const meta = object(signed.meta, where, 'meta');
    return { ...common(signed, where), snapshot: metaFile(meta['snapshot.json'], where) };
  },
  snapshot(signed, where) {
    const meta = new Map<string, MetaFile>();
    for (const [name, value] of entries(signed.meta, where, 'meta')) meta.set(name, metaFile(value, where));
    return { ...common(signed, where), meta };
  },
  targets(signed, where) {
    const targets = new Map<string, TargetFile>();
    for (const [path, value] of entries(signed.targets, where, 'targets')) {
      const file = object(value, where, 'targets');
      targets.set(path, {
        length: count(file.length, where, 'length'),
        hashes: hashes(file.hashes, where),
      });
    }
    if (signed.delegations === undefined)
      return { ...common(signed, where), targets, keys: new Map(), delegations: [] };
    const delegations = object(signed.delegations, where, 'delegations');
    return {
      ...common(signed, where),
      targets,
      keys: keySet(delegations.keys, where),
      delegations: delegationList(delegations.roles, where),
    };
  },
};

function common(signed: JsonObject, where: Where): Signed {
  const ours = isObject(signed.satchel) ? signed.satchel : undefined;
  return {
    version: positive(signed.version, where, 'version'),
    expires: time(signed.expires, where, 'expires'),
    issued: ours === undefined ? undefined : time(ours.issued, where, 'issued'),
    lowerFloor: ours?.lowerFloor === undefined ? undefined : time(ours.lowerFloor, where, 'lowerFloor'),
    raw: signed,
  };
}

function delegationList(value: JsonValue | undefined, where: Where): Delegation[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw malformed(where, 'delegations');
  const names = new Set<string>(['root', 'targets', 'snapshot', 'timestamp']);
  return value.map((item) => {
    const role = object(item, where, 'delegations');
    const name = text(role.name, where, 'name');
    if (names.has(name)) throw malformed(where, `delegations, ${name}`);
    names.add(name);
    if (typeof role.terminating !== 'boolean') throw malformed(where, 'terminating');
    if ((role.paths === undefined) === (role.path_hash_prefixes === undefined))
      throw malformed(where, 'paths');
    return {
      ...roleKeys(role, where),
      name,
      terminating: role.terminating,
      paths: role.paths === undefined ? [] : texts(role.paths, where, 'paths'),
      pathHashPrefixes:
        role.path_hash_prefixes === undefined
          ? []
          : texts(role.path_hash_prefixes, where, 'path_hash_prefixes'),
    };
  });
}

function roleKeys(value: JsonValue, where: Where): RoleKeys {
  const role = object(value, where, 'roles');
  const keyids = texts(role.keyids, where, 'keyids');
  if (new Set(keyids).size !== keyids.length) throw malformed(where, 'keyids');
  return { keyids, threshold: positive(role.threshold, where, 'threshold') };
}

function keySet(value: JsonValue | undefined, where: Where): KeySet {
  const keys = new Map<string, JsonObject>();
  for (const [keyid, key] of entries(value, where, 'keys')) keys.set(keyid, object(key, where, 'keys'));
  return keys;
}

function metaFile(value: JsonValue | undefined, where: Where): MetaFile {
  const file = object(value, where, 'meta');
  return {
    version: positive(file.version, where, 'version'),
    length: file.length === undefined ? undefined : count(file.length, where, 'length'),
    hashes: file.hashes === undefined ? undefined : hashes(file.hashes, where),
  };
}

function hashes(value: JsonValue | undefined, where: Where): ReadonlyMap<string, string> {
  const all = new Map<string, string>();
  for (const [name, digest] of entries(value, where, 'hashes')) all.set(name, text(digest, where, 'hashes'));
  if (all.size === 0) throw malformed(where, 'hashes');
  return all;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(where: Where, field: string, cause?: unknown): SatchelError {
  return new SatchelError('metadata-malformed', { file: where.file, source: where.source, field }, { cause });
}

function newer(where: Where, format: string | number): SatchelError {
  return new SatchelError('repository-newer', { source: where.source, format, newest: trustFormat });
}

function object(value: unknown, where: Where, field: string): JsonObject {
  if (!isObject(value)) throw malformed(where, field);
  return value;
}

function entries(value: JsonValue | undefined, where: Where, field: string): [string, JsonValue][] {
  return Object.entries(object(value, where, field));
}

function text(value: JsonValue | undefined, where: Where, field: string): string {
  if (typeof value !== 'string') throw malformed(where, field);
  return value;
}

function texts(value: JsonValue | undefined, where: Where, field: string): string[] {
  if (!Array.isArray(value)) throw malformed(where, field);
  return value.map((item) => text(item, where, field));
}

function count(value: JsonValue | undefined, where: Where, field: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw malformed(where, field);
  return value;
}

function positive(value: JsonValue | undefined, where: Where, field: string): number {
  if (count(value, where, field) === 0) throw malformed(where, field);
  return value as number;
}

function time(value: JsonValue | undefined, where: Where, field: string): number {
  const written = text(value, where, field);
  const milliseconds = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(written) ? Date.parse(written) : Number.NaN;
  if (Number.isNaN(milliseconds)) throw malformed(where, field);
  return milliseconds;
}
