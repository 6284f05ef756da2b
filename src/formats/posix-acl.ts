import { type ByteString, byteString, bytesOf } from '../base/byte-string.ts';

/**
 * POSIX access control lists in their two forms: the text of `acl(5)` that tar archives carry, and the binary
 * value of the attributes `system.posix_acl_access` and `system.posix_acl_default` (Linux,
 * `include/uapi/linux/posix_acl_xattr.h`): a version, then tag, permission and number of each entry.
 */

const version = 2;
const noNumber = 0xffffffff;

const tags = { user: 0x01, namedUser: 0x02, group: 0x04, namedGroup: 0x08, mask: 0x10, other: 0x20 } as const;

type AclEntry = { readonly tag: number; readonly permissions: number; readonly id: number };

/** Why a text is no list: it is malformed, or it names somebody without a number. */
export type AclFailure =
  | { readonly problem: 'malformed' }
  | { readonly problem: 'name'; readonly name: string };

/** Numbers of names that are known for sure, for example the owner of the member that carries the list. */
export type KnownNames = {
  readonly user?: readonly [name: string, id: number];
  readonly group?: readonly [name: string, id: number];
};

/**
 * The attribute's value for a list in text form: entries parted by line feeds or commas,
 * `user:1000:rw-` (GNU tar, star) or `user:name:rw-:1000` (star, bsdtar). Numbers are used as they are; of names
 * only `root` and the known ones. The result is undefined for an access list that says no more than the mode.
 */
export function aclFromText(
  text: string,
  kind: 'access' | 'default',
  known: KnownNames = {},
): ByteString | AclFailure | undefined {
  const entries: AclEntry[] = [];
  for (const line of text.split(/[\n,]/)) {
    const plain = line.replace(/#.*$/, '').trim();
    if (plain === '') continue;
    const entry = entryFromText(plain, known);
    if ('problem' in entry) return entry;
    entries.push(entry);
  }
  if (entries.length === 0) return undefined;
  return finished(entries, kind);
}

/**
 * The same for an attribute's own binary value: checked, and in the form that the kernel gives back. Undefined for an
 * access list that says no more than the mode, which the kernel does not keep.
 */
export function aclFromValue(
  value: ByteString,
  kind: 'access' | 'default',
): ByteString | AclFailure | undefined {
  const entries = parse(value);
  return entries === undefined ? { problem: 'malformed' } : finished(entries, kind);
}

function finished(entries: AclEntry[], kind: 'access' | 'default'): ByteString | AclFailure | undefined {
  entries.sort((a, b) => a.tag - b.tag || a.id - b.id);
  if (!isComplete(entries)) return { problem: 'malformed' };
  if (kind === 'access' && entries.length === 3) return undefined;
  return serialise(entries);
}

/**
 * The nine permission bits that a file with this access list shows: the group's are the mask where there is one.
 * bsdtar writes the group's own permissions into the header instead. Undefined when it is no valid list.
 */
export function modeOfAcl(value: ByteString): number | undefined {
  const entries = parse(value);
  const permissionsOf = (tag: number) => entries?.find((entry) => entry.tag === tag)?.permissions;
  const user = permissionsOf(tags.user);
  const group = permissionsOf(tags.mask) ?? permissionsOf(tags.group);
  const other = permissionsOf(tags.other);
  if (user === undefined || group === undefined || other === undefined) return undefined;
  return user * 64 + group * 8 + other;
}

/** The entries of a list by whom they are about; permissions are 0 to 7. */
export type AclParts = {
  readonly user: number;
  readonly group: number;
  readonly mask: number | undefined;
  readonly other: number;
  /** In the order of the value: users before groups, each by number. */
  readonly named: readonly { readonly isUser: boolean; readonly id: number; readonly permissions: number }[];
};

/** The parts of an attribute's value; undefined when it is no valid list. */
export function aclParts(value: ByteString): AclParts | undefined {
  const entries = parse(value);
  if (entries === undefined || !isComplete(entries)) return undefined;
  const permissionsOf = (tag: number) => entries.find((entry) => entry.tag === tag)?.permissions;
  return {
    user: permissionsOf(tags.user)!,
    group: permissionsOf(tags.group)!,
    mask: permissionsOf(tags.mask),
    other: permissionsOf(tags.other)!,
    named: entries
      .filter(({ tag }) => tag === tags.namedUser || tag === tags.namedGroup)
      .map(({ tag, id, permissions }) => ({ isUser: tag === tags.namedUser, id, permissions })),
  };
}

function entryFromText(text: string, known: KnownNames): AclEntry | AclFailure {
  const malformed: AclFailure = { problem: 'malformed' };
  const fields = text.split(':').map((field) => field.trim());
  const kind = /^(u|user|g|group|m|mask|o|other)$/.test(fields[0]!) ? fields[0]![0] : undefined;
  // `mask:rwx` and `other:rwx` are as good as `mask::rwx` and `other::rwx`.
  const isShort = fields.length === 2 && (kind === 'm' || kind === 'o');
  const [name, letters, number] = isShort ? ['', fields[1]!] : [fields[1] ?? '', fields[2] ?? '', fields[3]];
  if (kind === undefined || fields.length > 4 || !/^[r-][w-][x-]$/.test(letters!)) return malformed;
  const permissions = [...letters!].reduce((bits, letter) => bits * 2 + (letter === '-' ? 0 : 1), 0);
  if (kind === 'm' || kind === 'o') {
    const tag = kind === 'm' ? tags.mask : tags.other;
    return name === '' ? { tag, permissions, id: noNumber } : malformed;
  }
  if (name === '') return { tag: kind === 'u' ? tags.user : tags.group, permissions, id: noNumber };
  const id = idOf(number ?? name!, kind === 'u' ? known.user : known.group);
  if (id === undefined) return { problem: 'name', name: name! };
  if (id >= noNumber) return malformed;
  return { tag: kind === 'u' ? tags.namedUser : tags.namedGroup, permissions, id };
}

function idOf(name: string, known: readonly [string, number] | undefined): number | undefined {
  if (/^[0-9]{1,10}$/.test(name)) return Number(name);
  if (known !== undefined && known[0] === name) return known[1];
  return name === 'root' ? 0 : undefined;
}

/** What the kernel demands: owner, group and others once, a mask when anybody is named, nobody twice. */
function isComplete(entries: readonly AclEntry[]): boolean {
  const count = (tag: number) => entries.filter((entry) => entry.tag === tag).length;
  if ([tags.user, tags.group, tags.other].some((tag) => count(tag) !== 1)) return false;
  const named = count(tags.namedUser) + count(tags.namedGroup);
  if (count(tags.mask) > 1 || (named > 0 && count(tags.mask) === 0)) return false;
  return entries.every((entry, index) => {
    const before = entries[index - 1];
    return before === undefined || before.tag !== entry.tag || before.id !== entry.id;
  });
}

function serialise(entries: readonly AclEntry[]): ByteString {
  const bytes = Buffer.alloc(4 + 8 * entries.length);
  bytes.writeUInt32LE(version, 0);
  for (const [index, entry] of entries.entries()) {
    bytes.writeUInt16LE(entry.tag, 4 + 8 * index);
    bytes.writeUInt16LE(entry.permissions, 6 + 8 * index);
    bytes.writeUInt32LE(entry.id, 8 + 8 * index);
  }
  return byteString(bytes);
}

/** Numbers that stand where none is meant are dropped, as the kernel does. */
function parse(value: ByteString): AclEntry[] | undefined {
  const bytes = bytesOf(value);
  if (bytes.length < 4 || bytes.length % 8 !== 4 || bytes.readUInt32LE(0) !== version) return undefined;
  const entries: AclEntry[] = [];
  for (let offset = 4; offset < bytes.length; offset += 8) {
    const tag = bytes.readUInt16LE(offset);
    const permissions = bytes.readUInt16LE(offset + 2);
    const isNamed = tag === tags.namedUser || tag === tags.namedGroup;
    const id = isNamed ? bytes.readUInt32LE(offset + 4) : noNumber;
    if (!words.has(tag) || permissions > 7 || isNamed !== (id !== noNumber)) return undefined;
    entries.push({ tag, permissions, id });
  }
  return entries;
}

const words: ReadonlyMap<number, string> = new Map([
  [tags.user, 'user'],
  [tags.namedUser, 'user'],
  [tags.group, 'group'],
  [tags.namedGroup, 'group'],
  [tags.mask, 'mask'],
  [tags.other, 'other'],
]);

/**
 * The text form, numbers instead of names, of an attribute's value; undefined when reading that text back would not
 * give exactly this value.
 */
export function aclToText(value: ByteString, kind: 'access' | 'default'): string | undefined {
  if (aclFromValue(value, kind) !== value) return undefined;
  const letters = (bits: number) => `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${bits & 1 ? 'x' : '-'}`;
  return parse(value)!
    .map(
      ({ tag, permissions, id }) =>
        `${words.get(tag)}:${id === noNumber ? '' : id}:${letters(permissions)}\n`,
    )
    .join('');
}
