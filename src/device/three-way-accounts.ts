import type { ByteString } from '../base/byte-string.ts';
import { isText, type ThreeTexts } from './three-way.ts';

/** How the records of a file are put together. */
export type AccountFile = {
  /** True where the last field lists the members of a group. */
  readonly hasMembers: boolean;
};

/** Files whose lines are records that begin with a name; the order of the lines means nothing. */
const accountFiles: ReadonlyMap<string, AccountFile> = new Map([
  ['etc/passwd', { hasMembers: false }],
  ['etc/shadow', { hasMembers: false }],
  ['etc/group', { hasMembers: true }],
  ['etc/gshadow', { hasMembers: true }],
]);

/** What is special about a list of users or groups; undefined for every other file. */
export function accountFileAt(path: ByteString): AccountFile | undefined {
  return accountFiles.get(path);
}

type Records = ReadonlyMap<string, string>;

/**
 * Puts two lists of users or groups together record by record: by lines a user whom a person has added and one whom
 * the next version brings would stand in each other's way, at the end of the list, and nobody could log in. Where
 * both changed the same field, the user's counts. Undefined when one of the lists is no such list.
 */
export function mergeAccounts(
  { base, mine, theirs }: ThreeTexts,
  { hasMembers }: AccountFile,
): ByteString | undefined {
  const [before, ours, next] = [recordsOf(base), recordsOf(mine), recordsOf(theirs)];
  if (before === undefined || ours === undefined || next === undefined) return undefined;
  const merged: string[] = [];
  for (const [name, line] of next) {
    const old = before.get(name);
    const own = ours.get(name);
    if (own !== undefined) merged.push(mergeRecord(old ?? '', own, line, hasMembers));
    // Gone for the user; kept when the next version has changed it, or has just brought it.
    else if (old !== line) merged.push(line);
  }
  for (const [name, line] of ours) if (!next.has(name) && before.get(name) !== line) merged.push(line);
  return merged.map((line) => `${line}\n`).join('') as ByteString;
}

/** Undefined for what is no text, and where two records have one name. */
function recordsOf(text: string): Records | undefined {
  if (!isText(text)) return undefined;
  const lines = text.split('\n').filter((line) => line !== '');
  const records = new Map(lines.map((line) => [nameOf(line), line]));
  return records.size === lines.length ? records : undefined;
}

function nameOf(line: string): string {
  return line.slice(0, Math.max(0, line.indexOf(':')) || line.length);
}

function mergeRecord(old: string, mine: string, theirs: string, hasMembers: boolean): string {
  const [base, own, next] = [old.split(':'), mine.split(':'), theirs.split(':')];
  if (own.length !== next.length) return mine;
  return own
    .map((field, place) => {
      const merge = hasMembers && place === own.length - 1 ? mergeMembers : mergeField;
      return merge(base[place] ?? '', field, next[place]!);
    })
    .join(':');
}

function mergeField(base: string, mine: string, theirs: string): string {
  return mine === base ? theirs : mine;
}

function mergeMembers(base: string, mine: string, theirs: string): string {
  const [before, own, next] = [base, mine, theirs].map((field) => new Set(field.split(',').filter(Boolean)));
  const stay = [...next!].filter((name) => own!.has(name) || !before!.has(name));
  const added = [...own!].filter((name) => !next!.has(name) && !before!.has(name));
  return [...stay, ...added].join(',');
}
