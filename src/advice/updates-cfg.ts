/**
 * The file `updates.cfg` of oatslite: which update each laptop is advised to take. Sections are headed by the contents
 * hash of a build and stand in the order of the builds, the newest last. Only `name`, `priority` and `update_path` are
 * known from the original; its conditions are not, so they are ours (facts, section 8).
 */
import { SatchelError } from '../base/errors.ts';
import { isSha256, type Sha256 } from '../base/identifiers.ts';
import type { OatsPriority } from './oats-answer.ts';
import { readUpdateSetting, type UpdateSettings, updateSettingNames } from './updates-cfg-settings.ts';

/** One build that laptops may be advised to take. */
export type UpdateEntry = UpdateSettings & {
  readonly hash: Sha256;
  readonly name: string;
  readonly priority: OatsPriority;
  /** The line of its heading, from 1. */
  readonly line: number;
};

/** The entries in the order of the file: the newest is the last. */
export type UpdatesFile = readonly UpdateEntry[];

/** Bytes and entries of the largest file that is read. */
export const largestUpdatesFile = 1024 * 1024;
const mostEntries = 2000;

type Section = { readonly hash: Sha256; readonly line: number; readonly settings: Map<string, Setting> };
type Setting = { readonly line: number; value: string };

/**
 * Reads the file. Each mistake is said with its line; the first ends it. `path` is for the sentences. Throws
 * `updates-cfg-too-large`, `-not-text`, `-line`, `-header`, `-orphan`, `-unknown`, `-twice`, `-value`, `-incomplete`,
 * `-from-newer`.
 */
export function parseUpdatesFile(bytes: Uint8Array, path: string): UpdatesFile {
  if (bytes.length > largestUpdatesFile)
    throw new SatchelError('updates-cfg-too-large', { path, most: largestUpdatesFile });
  const sections = sectionsOf(linesOf(bytes, path), path);
  if (sections.length > mostEntries)
    throw new SatchelError('updates-cfg-too-many', { path, most: mostEntries });
  const entries = sections.map((section) => entryOf(section, path));
  checkTogether(entries, sections, path);
  return entries;
}

function linesOf(bytes: Uint8Array, path: string): string[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  // What is no UTF-8 becomes U+FFFD. Notepad's "Unicode" is full of NUL.
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  const bad = lines.findIndex((line) => /[\uFFFD\x00]/.test(line));
  if (bad >= 0) throw new SatchelError('updates-cfg-not-text', { path, line: bad + 1 });
  return lines;
}

function sectionsOf(lines: readonly string[], path: string): Section[] {
  const sections = new Map<string, Section>();
  let section: Section | undefined;
  let setting: Setting | undefined;
  for (const [i, written] of lines.entries()) {
    const line = i + 1;
    const text = written.trim();
    if (text === '' || /^[#;]/.test(text)) continue;
    if (text.startsWith('[')) {
      section = { hash: hashOf(text, { path, line }), line, settings: new Map() };
      if (sections.has(section.hash)) throw new SatchelError('updates-cfg-twice', { path, line, what: text });
      sections.set(section.hash, section);
      setting = undefined;
      continue;
    }
    const [name, value] = settingIn(text) ?? [];
    if (name === undefined || value === undefined) {
      // As the configuration files of its time have it, an indented line goes on with the value above.
      if (setting === undefined || !/^\s/.test(written) || isSettingWithoutSign(text))
        throw new SatchelError('updates-cfg-line', { path, line, text: text.slice(0, 80) });
      setting.value += ` ${text}`;
      continue;
    }
    const key = name.toLowerCase();
    if (section === undefined) throw new SatchelError('updates-cfg-orphan', { path, line, setting: key });
    if (section.settings.has(key)) throw new SatchelError('updates-cfg-twice', { path, line, what: key });
    setting = { line, value };
    section.settings.set(key, setting);
  }
  return [...sections.values()];
}

/** A name and its value. */
function settingIn(text: string): [name: string, value: string] | undefined {
  const at = text.search(/[=:]/);
  const name = text.slice(0, Math.max(0, at)).trimEnd();
  return /^[A-Za-z][\w -]*$/.test(name) ? [name, text.slice(at + 1).trimStart()] : undefined;
}

/** True for `percent 10`: as a part of the list above it would silently be no condition any more. */
function isSettingWithoutSign(text: string): boolean {
  const [word = ''] = text.toLowerCase().split(/\s/, 1);
  return (updateSettingNames as readonly string[]).includes(word);
}

function hashOf(text: string, place: { readonly path: string; readonly line: number }): Sha256 {
  const hash = /^\[\s*([0-9a-fA-F]{64})\s*\]\s*(?:[#;].*)?$/.exec(text)?.[1]?.toLowerCase() ?? '';
  if (!isSha256(hash)) throw new SatchelError('updates-cfg-header', { ...place, header: text.slice(0, 80) });
  return hash;
}

function entryOf({ hash, line, settings }: Section, path: string): UpdateEntry {
  let read: UpdateSettings = {};
  for (const [name, setting] of settings) read = { ...read, ...readUpdateSetting(name, setting, path) };
  const { name, priority = 'normal' } = read;
  if (name === undefined) throw new SatchelError('updates-cfg-incomplete', { path, line, setting: 'name' });
  return { ...read, hash, line, name, priority };
}

/** What is wrong with no entry by itself. */
function checkTogether(entries: UpdatesFile, sections: readonly Section[], path: string): void {
  const names = new Set<string>();
  const place = new Map(entries.map(({ hash }, at) => [hash, at]));
  for (const [at, { name, from }] of entries.entries()) {
    const lineOf = (setting: string) => sections[at]?.settings.get(setting)?.line ?? 0;
    if (names.has(name))
      throw new SatchelError('updates-cfg-twice', { path, line: lineOf('name'), what: name });
    names.add(name);
    // Laptops are never led upwards in the file, so such an entry would reach nobody.
    for (const hash of from ?? [])
      if ((place.get(hash) ?? -1) >= at)
        throw new SatchelError('updates-cfg-from-newer', { path, line: lineOf('from'), hash });
  }
}
