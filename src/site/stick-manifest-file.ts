import { hash } from 'node:crypto';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { tryLock } from '../os/file-lock.ts';
import {
  manifestLimit,
  manifestName,
  parseManifest,
  type StickManifest,
  serialiseManifest,
  signatureName,
} from '../store/stick-manifest.ts';
import type { StickTree } from './stick-files.ts';
import { parseSignatures, type SignedHash, serialiseSignatures, signatureLimit } from './stick-sign.ts';

/** The list of a stick as it lies there, with its bytes and what signs them. */
export type StickList = {
  readonly manifest: StickManifest;
  readonly bytes: Buffer;
  readonly signatures: Buffer | undefined;
};

/**
 * The list of files on a stick; undefined when there is none. Throws `stick-manifest-damaged`, `stick-newer`,
 * `stick-symlink`.
 */
export async function readStickList(tree: StickTree): Promise<StickList | undefined> {
  const bytes = await tree.read(manifestName, manifestLimit);
  if (bytes === undefined) return undefined;
  const signatures = await tree.read(signatureName, signatureLimit);
  const path = tree.pathOf(manifestName);
  try {
    return { manifest: parseManifest(bytes, path), bytes, signatures };
  } catch (cause) {
    if (isSatchelError(cause, 'record-newer')) {
      const { format = 0, newest = 0 } = cause.parameters;
      throw new SatchelError('stick-newer', { format, newest }, { cause });
    }
    if (isSatchelError(cause, 'record-invalid'))
      throw new SatchelError(
        'stick-manifest-damaged',
        { path, field: cause.parameters.field ?? '' },
        { cause },
      );
    throw cause;
  }
}

/** Takes the lock of a stick, so that no two processes change it. Throws `stick-busy`. */
export function lockStick(tree: StickTree): Disposable {
  tree.makeFolder('.');
  const lock = tryLock(tree.pathOf('.lock'));
  if (lock === undefined) throw new SatchelError('stick-busy', { path: tree.directory });
  return lock;
}

/** Signs bytes; undefined when nobody here can. */
export type SignBytes = (bytes: Uint8Array) => SignedHash | undefined;

/**
 * Replaces the list of files. The list and its signatures are two files: in between the signatures are there for the
 * former list and for the new one, so that each is signed at every moment. True when the new list is signed.
 */
export async function writeStickList(
  tree: StickTree,
  manifest: StickManifest,
  sign: SignBytes,
): Promise<boolean> {
  const bytes = serialiseManifest(manifest);
  const former = await tree.read(manifestName, manifestLimit);
  const formerHash = former && hash('sha256', former);
  const kept = parseSignatures(await tree.read(signatureName, signatureLimit)).filter(
    ({ sha256 }) => sha256 === formerHash,
  );
  const made = sign(bytes);
  const signed = made === undefined ? kept : [made, ...kept];
  if (signed.length > 0) await tree.write(signatureName, [Buffer.from(serialiseSignatures(signed))]);
  await tree.write(manifestName, [bytes]);
  if (made === undefined) tree.remove(signatureName);
  return made !== undefined;
}
