/**
 * True when two roots, each trusted for a reason of its own, are of one organisation: the same file, or versions of which
 * one was signed by enough keys of the other. Versions far apart, with no key in common, count as strangers. Throws
 * `metadata-malformed`, `metadata-unsigned`.
 */
export async function areOfOneOrganisation(one: Uint8Array, other: Uint8Array): Promise<boolean> {
  if (Buffer.compare(one, other) === 0) return true;
  // Loads the library that checks signatures, which the usual case above does without.
  const { acceptPinnedRoot, stillSigned } = await import('./workflow.ts');
  const where = { file: 'root.json', source: 'root' };
  const [first, second] = [acceptPinnedRoot(one, where), acceptPinnedRoot(other, where)];
  if (first.version === second.version) return false;
  return stillSigned(one, 'root', second, where) || stillSigned(other, 'root', first, where);
}
