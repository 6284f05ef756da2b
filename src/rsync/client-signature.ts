import { createPublicKey, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import type { DeviceLayout } from '../device/layout.ts';
import { parseKeyLine, parseSignatureLine, verifyLine } from '../formats/signature-line.ts';
import { listIfThere, readFileIfThere } from '../os/if-there.ts';
import type { ClientManifest } from './client-manifest.ts';
import { fetchSmallFile } from './client-manifest.ts';
import type { OpenPlace } from './client-place.ts';

/** Where an operator puts the keys, as `key01` lines: what a repository keeps as `lite.public`. */
export function trustedKeysFile({ security }: DeviceLayout): string {
  return join(security, 'lite.public');
}

export type RequireSignedOptions = {
  readonly layout: DeviceLayout;
  readonly open: OpenPlace;
  /** A folder for what is fetched. */
  readonly folder: string;
  readonly manifest: ClientManifest;
};

/** Signatures that are longer hold no more than a few lines of 600 bytes. */
const signatureLimit = 64 * 1024;

/**
 * Requires the signature of a place that must have one: a `sig01` line over the manifest's bytes by a key that the
 * device trusts. Throws `contents-unsigned`, `contents-signature-wrong`.
 */
export async function requireSigned({ layout, open, folder, manifest }: RequireSignedOptions): Promise<void> {
  const { signature, name } = open.place;
  if (signature === undefined) return;
  const bytes = await fetchSmallFile(open, signature, {
    path: join(folder, 'signature'),
    limit: signatureLimit,
  });
  if (bytes === undefined) throw new SatchelError('contents-unsigned', { place: name });
  const keys = trustedKeys(layout);
  if (
    bytes
      .toString('latin1')
      .split('\n')
      .some((line) => isSignedBy(keys, manifest.bytes, line))
  )
    return;
  throw new SatchelError('contents-signature-wrong', {
    place: name,
    count: keys.length,
    path: trustedKeysFile(layout),
  });
}

function isSignedBy(keys: readonly KeyObject[], bytes: Uint8Array, line: string): boolean {
  try {
    const signature = parseSignatureLine(line);
    return keys.some((key) => verifyLine(key, bytes, signature));
  } catch (error) {
    if (isSatchelError(error, 'signature-line-invalid')) return false;
    throw error;
  }
}

/** The keys in the operator's file, and those that satchel-lite has learnt on this disk. */
function trustedKeys(layout: DeviceLayout): KeyObject[] {
  const lines = (readFileIfThere(trustedKeysFile(layout))?.toString('utf8') ?? '')
    .split('\n')
    .filter((line) => line.startsWith('key01: '));
  const folder = join(layout.own, 'lite', 'keys');
  const learnt = listIfThere(folder).filter((name) => name.endsWith('.pem'));
  return [
    ...lines.map(parseKeyLine),
    ...learnt.map((name) => createPublicKey(readFileIfThere(join(folder, name)) ?? '')),
  ];
}
