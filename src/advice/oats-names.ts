/**
 * The names of the fields of an answer. No description of the protocol that is left says how the lease, the mark of
 * theft and the advice were called (facts, section 6.3), so they can be set on both sides; these are ours.
 */

/** What an answer can say beside `nonce` and `time`; the last four stand inside of `update`. */
export const oatsFieldKinds = [
  'lease',
  'stolen',
  'update',
  'hash',
  'name',
  'priority',
  'update_path',
] as const;

/** One of the fields whose name can be set. */
export type OatsFieldKind = (typeof oatsFieldKinds)[number];

/** The names of each field: written under all of them, read from the first that is there. */
export type OatsNames = Readonly<Record<OatsFieldKind, readonly string[]>>;

/** The names when nothing else is set. */
export const defaultOatsNames: OatsNames = {
  lease: ['lease'],
  stolen: ['stolen'],
  update: ['update'],
  hash: ['hash'],
  name: ['name'],
  priority: ['priority'],
  update_path: ['update_path'],
};

/** True for what a field may be called: a letter, then letters, digits, `_`, `.` and `-`; `nonce` and `time` are taken. */
export function isOatsName(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/.test(name) && name !== 'nonce' && name !== 'time';
}

/** True for the kind of a field. */
export function isOatsFieldKind(kind: string): kind is OatsFieldKind {
  return (oatsFieldKinds as readonly string[]).includes(kind);
}
