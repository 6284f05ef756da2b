import { isSatchelError, SatchelError } from '../base/errors.ts';
import { addSignatures, signaturesMissing, versionOf } from './documents.ts';
import type { KeyRing } from './keys.ts';
import { isObject, type JsonObject, readEnvelope, readSigned } from './metadata.ts';
import type { RepositoryMetadata } from './metadata-store.ts';
import type { PublishOutcome } from './outcome.ts';
import { carryOut, type Plan, type PublishingContext } from './publication.ts';
import type { Role } from './roles.ts';
import { signersOf } from './signatures.ts';
import type { SigningRequest } from './signing-request.ts';

/** Showing, signing and handing in signing requests. */

/** What one document of a request changes, worked out from the signed content itself. */
export type RequestSummary = {
  readonly role: Role;
  readonly version: number;
  readonly expires: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly replaced: readonly string[];
  /** Changes of keys and thresholds of other roles, by role. */
  readonly keyChanges: readonly KeyChangeSummary[];
  /** False when the earlier file is absent or not signed by a key of this ring: then the lists prove nothing. */
  readonly comparedWithSigned: boolean;
  readonly signaturesMissing: number;
};

export type KeyChangeSummary = {
  readonly role: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly threshold: number;
};

/** What a request asks to sign, for showing it before it is signed. */
export function describeRequest(request: SigningRequest, keys: KeyRing): RequestSummary[] {
  return request.documents.map(({ document, previous }) => {
    const { role, signed } = document;
    const before =
      previous === undefined
        ? undefined
        : readEnvelope(Buffer.from(previous, 'utf8'), { file: role, source: 'request' });
    const own = keys.load(role);
    const ownKeys = {
      keys: new Map(own.map((key) => [key.keyId, key.publicKey])),
      role: { keyids: own.map(({ keyId }) => keyId), threshold: 1 },
    };
    const [old, next] = [targetsOf(before?.signed), targetsOf(signed)];
    const named = [namedBy(before?.signed), namedBy(signed)] as const;
    return {
      role,
      version: versionOf(document),
      expires: String(signed.expires),
      added: [...next.keys()].filter((path) => !old.has(path)),
      removed: [...old.keys()].filter((path) => !next.has(path)),
      replaced: [...next]
        .filter(([path, file]) => old.has(path) && old.get(path) !== file)
        .map(([path]) => path),
      keyChanges: keyChanges(named[0], named[1]),
      comparedWithSigned: before !== undefined && signersOf(before, ownKeys).length > 0,
      signaturesMissing: signaturesMissing(document),
    };
  });
}

/** Adds the signatures of the ring's keys. Throws `request-not-ours` when it has none that the request asks for. */
export function signRequest(request: SigningRequest, keys: KeyRing): SigningRequest {
  let added = 0;
  const documents = request.documents.map(({ document, previous }) => {
    const signed = addSignatures(document, keys.load(document.role));
    added += signed.signatures.length - document.signatures.length;
    return { document: signed, previous };
  });
  if (added === 0 && documents.some(({ document }) => signaturesMissing(document) > 0))
    throw new SatchelError('request-not-ours', { directory: keys.location });
  return { ...request, documents };
}

/** Looks at the target files that a request brings once more, beside what the repository says by now. */
export type EditsChange = (current: RepositoryMetadata, edits: Plan['edits']) => Promise<Plan['edits']>;

/**
 * Publishes a signed request; `change` has the last word about its target files of online roles. Throws `request-unsigned` while signatures are missing and `request-outdated`
 * when another publication has replaced what the request was made from.
 */
export async function submitSigned(
  context: PublishingContext,
  request: SigningRequest,
  change: EditsChange = async (_, edits) => edits,
): Promise<PublishOutcome> {
  const outdated = (role: string, cause?: unknown) =>
    new SatchelError('request-outdated', { role }, { cause });
  const documents = request.documents.map(({ document }) => document);
  try {
    const published = await carryOut(context, async (current) => {
      for (const { role, replaces } of documents) {
        const held = role === 'root' ? current.root : current.roles.get(role);
        // A role that the repository gets with this request replaces nothing.
        if ((held?.signed.version ?? 0) !== replaces) throw outdated(role);
      }
      const edits = await change(current, request.edits);
      return { fixed: documents, edits, renew: new Set(), oldKeysLost: request.oldKeysLost };
    });
    if (published.outcome !== 'unsigned') return published;
    // Who must sign was worked out again from the repository: the request itself does not decide that.
    const lacking = published.unsigned.documents.find((document) => signaturesMissing(document) > 0)!;
    throw new SatchelError('request-unsigned', { role: lacking.role, missing: signaturesMissing(lacking) });
  } catch (error) {
    if (!isSatchelError(error, 'publish-contended')) throw error;
    throw outdated(documents[0]?.role ?? '', error);
  }
}

function targetsOf(signed: JsonObject | undefined): ReadonlyMap<string, string> {
  if (!isObject(signed?.targets)) return new Map();
  return new Map(Object.entries(signed.targets).map(([path, file]) => [path, JSON.stringify(file)]));
}

type Named = ReadonlyMap<string, { readonly keyids: readonly string[]; readonly threshold: number }>;

/** The keys that a root or targets names for roles. */
function namedBy(signed: JsonObject | undefined): Named {
  if (signed === undefined) return new Map();
  const where = { file: String(signed._type), source: 'request' };
  if (signed._type === 'root') return readSigned('root', signed, where).roles;
  return new Map(readSigned('targets', signed, where).delegations.map((role) => [role.name, role]));
}

function keyChanges(before: Named, after: Named): KeyChangeSummary[] {
  const roles = [...new Set([...before.keys(), ...after.keys()])];
  return roles
    .map((role) => {
      const [old, next] = [before.get(role), after.get(role)];
      return {
        role,
        added: next?.keyids.filter((keyid) => !old?.keyids.includes(keyid)) ?? [],
        removed: old?.keyids.filter((keyid) => !next?.keyids.includes(keyid)) ?? [],
        threshold: next?.threshold ?? 0,
        same: old?.threshold === next?.threshold,
      };
    })
    .filter(({ added, removed, same }) => added.length > 0 || removed.length > 0 || !same)
    .map(({ same: _, ...summary }) => summary);
}
