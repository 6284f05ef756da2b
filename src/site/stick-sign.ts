import { hash } from 'node:crypto';
import { isSatchelError } from '../base/errors.ts';
import { Fields } from '../base/fields.ts';
import type { KeyRing } from '../trust/keys.ts';
import { type RootMetadata, readVerified, type Signature } from '../trust/metadata.ts';
import { metadataFile } from '../trust/names.ts';
import { canonicalBytes, signersOf } from '../trust/signatures.ts';
import { delegatorOf } from '../trust/workflow.ts';

/**
 * Signatures of small files on a stick: the list of its files, and what the origin answers to a site. They are made by
 * the online keys of the role `timestamp`, which every site knows. What is signed is canonical JSON of
 * `{"_type": "satchel-stick", "sha256": …}`, so that no signature of one kind can ever pass for another.
 *
 * A signature file is `{"satchel": "stick-signature", "format": 1, "signed": [{"sha256", "signatures": [{"keyid",
 * "sig"}]}]}`. It may speak of several files, because a file and its signatures cannot be replaced in one step.
 */
export type SignedHash = { readonly sha256: string; readonly signatures: readonly Signature[] };

const format = 1;

/** The longest that a signature file may be, in bytes: anybody may have written it. */
export const signatureLimit = 256 * 1024;

/** Signs a file; undefined when the keys at hand do not suffice. */
export function signFile(bytes: Uint8Array, keys: KeyRing, root: RootMetadata): SignedHash | undefined {
  const sha256 = hash('sha256', bytes);
  const signed = canonicalBytes(whatIsSigned(sha256));
  const signatures = keys.load('timestamp').map((key) => ({ keyid: key.keyId, sig: key.sign(signed) }));
  const made = { sha256, signatures };
  return isGood(made, root) ? made : undefined;
}

/** The bytes of a signature file. */
export function serialiseSignatures(signed: readonly SignedHash[]): string {
  return `${JSON.stringify({ satchel: 'stick-signature', format, signed })}\n`;
}

/** What a signature file says; nothing when it is none, for then nothing is signed. */
export function parseSignatures(bytes: Uint8Array | undefined): readonly SignedHash[] {
  if (bytes === undefined) return [];
  try {
    const fields = Fields.parse(bytes, 'signature');
    fields.expectFormat('stick-signature', format);
    return fields.list('signed').map((one) => ({
      sha256: one.text('sha256'),
      signatures: one.list('signatures').map((item) => ({
        keyid: item.text('keyid'),
        sig: item.text('sig'),
      })),
    }));
  } catch (error) {
    if (isSatchelError(error)) return [];
    throw error;
  }
}

/** True when enough keys that this root names for `timestamp` have signed these bytes. */
export function isSigned(bytes: Uint8Array, signatures: Uint8Array | undefined, root: RootMetadata): boolean {
  const sha256 = hash('sha256', bytes);
  return parseSignatures(signatures).some((one) => one.sha256 === sha256 && isGood(one, root));
}

/** A root whose signatures were checked before. */
export function rootFrom(bytes: Uint8Array, source: string): RootMetadata {
  return readVerified('root', bytes, { file: metadataFile('root'), source });
}

function whatIsSigned(sha256: string) {
  return { _type: 'satchel-stick', sha256 };
}

function isGood({ sha256, signatures }: SignedHash, root: RootMetadata): boolean {
  const delegator = delegatorOf(root, 'timestamp');
  const good = signersOf({ signed: whatIsSigned(sha256), signatures }, delegator);
  return good.length >= delegator.role.threshold;
}
