import { type ByteString, byteStringFromText, displayOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import { type AclFailure, aclFromText, aclFromValue, type KnownNames } from './posix-acl.ts';

/** The attribute that holds a file's access control list. */
export const accessAclName = 'system.posix_acl_access';

/** One extended attribute: full name and value, raw bytes. */
export type TarXattr = { readonly name: ByteString; readonly value: ByteString };

/** Whose attributes are read, for messages and for names in access control lists. */
export type XattrOwner = KnownNames & { readonly member: string; readonly position: number };

const schily = 'SCHILY.xattr.';
const libarchive = 'LIBARCHIVE.xattr.';
const noXattrs: readonly TarXattr[] = [];

/**
 * The extended attributes among pax records, sorted by name. Where one attribute is written in several ways the raw
 * one (`SCHILY.xattr.`) counts, then GNU tar's texts of ACLs and SELinux labels, then bsdtar's base64 form.
 * Throws `archive-attribute-invalid`, `archive-acl-invalid`, `archive-acl-name`.
 */
export function xattrsOf(records: ReadonlyMap<string, string>, owner: XattrOwner): readonly TarXattr[] {
  if (records.size === 0) return noXattrs;
  const found = new Map<ByteString, ByteString>();
  for (const [keyword, value] of records) {
    if (keyword.startsWith(libarchive)) addLibarchive(found, keyword, value, owner);
  }
  addAcl(found, 'access', records.get('SCHILY.acl.access'), owner);
  addAcl(found, 'default', records.get('SCHILY.acl.default'), owner);
  if (records.get('SCHILY.acl.ace')) throw invalidAttribute('SCHILY.acl.ace', owner);
  const label = records.get('RHT.security.selinux');
  // The record holds the label alone; the kernel's attribute ends with a zero byte.
  if (label) found.set(byteStringFromText('security.selinux'), `${label.replace(/\0$/, '')}\0` as ByteString);
  for (const [keyword, value] of records) {
    if (!keyword.startsWith(schily)) continue;
    const name = keyword.slice(schily.length).replace(/%3D/g, '=').replace(/%25/g, '%');
    if (name === '' || name.includes('\0')) throw invalidAttribute(name, owner);
    found.set(name as ByteString, value as ByteString);
  }
  checkAcls(found, owner);
  if (found.size === 0) return noXattrs;
  return [...found]
    .map(([name, value]) => ({ name, value }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function addAcl(
  found: Map<ByteString, ByteString>,
  kind: 'access' | 'default',
  text: string | undefined,
  owner: XattrOwner,
): void {
  if (!text) return;
  const value = aclFromText(text, kind, owner);
  if (typeof value === 'string') found.set(aclNames[kind], value);
  else if (value !== undefined) throw aclRefused(value, text, owner);
}

const aclNames = {
  access: byteStringFromText(accessAclName),
  default: byteStringFromText('system.posix_acl_default'),
} as const;

/** Puts lists that came as raw attributes into the form in which the kernel keeps them. */
function checkAcls(found: Map<ByteString, ByteString>, owner: XattrOwner): void {
  for (const kind of ['access', 'default'] as const) {
    const raw = found.get(aclNames[kind]);
    if (raw === undefined) continue;
    const value = aclFromValue(raw, kind);
    if (typeof value === 'string') found.set(aclNames[kind], value);
    else if (value === undefined) found.delete(aclNames[kind]);
    else throw aclRefused(value, raw, owner);
  }
}

function aclRefused(failure: AclFailure, text: string, { member, position }: XattrOwner): SatchelError {
  if (failure.problem === 'name') {
    const name = displayOf(failure.name as ByteString);
    return new SatchelError('archive-acl-name', { member, position, name });
  }
  const acl = displayOf(text.slice(0, 200) as ByteString);
  return new SatchelError('archive-acl-invalid', { member, position, acl });
}

function addLibarchive(
  found: Map<ByteString, ByteString>,
  keyword: string,
  value: string,
  owner: XattrOwner,
): void {
  const name = keyword
    .slice(libarchive.length)
    .replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const isBase64 = /^[A-Za-z0-9+/]*={0,2}$/.test(value);
  if (name === '' || name.includes('\0') || !isBase64) throw invalidAttribute(name, owner);
  found.set(name as ByteString, Buffer.from(value, 'base64').toString('latin1') as ByteString);
}

function invalidAttribute(name: string, { member, position }: XattrOwner): SatchelError {
  return new SatchelError('archive-attribute-invalid', {
    name: displayOf(name as ByteString),
    member,
    position,
  });
}
