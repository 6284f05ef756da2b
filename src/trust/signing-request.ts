import { recordTime } from '../base/fields.ts';
import type { RoleDocument, TargetEdit } from './documents.ts';
import type { Unsigned } from './publication.ts';
import type { DelegatedRole, Role } from './roles.ts';

/**
 * Signing with keys that live on another machine: the request is one JSON file that is carried there, shown,
 * signed and carried back. It grows signatures; several people may sign one after another.
 */

/** A document to sign, and the file that it replaces, so that the signer can see for himself what changes. */
export type RequestedDocument = { readonly document: RoleDocument; readonly previous: string | undefined };

export type SigningRequest = {
  /** When it was made, UTC. */
  readonly made: string;
  readonly documents: readonly RequestedDocument[];
  /** What is published with it by online keys once it is signed. */
  readonly edits: ReadonlyMap<DelegatedRole, TargetEdit>;
  /** True when new keys do without the signatures of those that they replace. */
  readonly oldKeysLost: boolean;
};

/** Makes a request of what a publication could not sign. */
export function makeSigningRequest(unsigned: Unsigned, now: number): SigningRequest {
  const previousOf = (role: Role) =>
    (role === 'root' ? unsigned.current.root : unsigned.current.roles.get(role))?.bytes;
  return {
    made: recordTime(now),
    documents: unsigned.documents.map((document) => {
      const previous = previousOf(document.role);
      return { document, previous: previous && Buffer.from(previous).toString('utf8') };
    }),
    edits: unsigned.edits,
    oldKeysLost: unsigned.oldKeysLost,
  };
}
