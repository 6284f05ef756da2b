/**
 * The INI files inside bundles (`activity.info`, `library.info`, `activity.linfo`), as Python's ConfigParser reads
 * them for Sugar: sections in brackets, `key = value` or `key: value`, keys in any case, comments on lines of their own
 * (`#`, `;`), further lines of a value indented.
 */

/** The keys of one section in lower case; undefined when the text has no such section. The last of repeated keys wins. */
export function readInfoSection(text: string, section: string): Map<string, string> | undefined {
  let found: Map<string, string> | undefined;
  let isInside = false;
  let last: string | undefined;
  for (const line of text.replace(/^﻿/, '').split(/\r\n|\r|\n/)) {
    if (line.trim() === '') {
      last = undefined;
      continue;
    }
    if (/^\s*[#;]/.test(line)) continue;
    const heading = /^\[([^\]]*)\]\s*$/.exec(line);
    if (heading !== null) {
      isInside = heading[1] === section;
      if (isInside) found ??= new Map();
      last = undefined;
    } else if (isInside && found !== undefined) last = takeLine(found, line, last);
  }
  return found;
}

/** Takes one line of the section; the key that an indented line after it would go on. */
function takeLine(keys: Map<string, string>, line: string, last: string | undefined): string | undefined {
  if (/^\s/.test(line)) {
    if (last !== undefined) keys.set(last, `${keys.get(last)}\n${line.trim()}`);
    return last;
  }
  const pair = /^([^=:]+?)\s*[=:]\s*(.*?)\s*$/.exec(line);
  if (pair === null) return undefined;
  const key = pair[1]!.toLowerCase();
  keys.set(key, pair[2]!);
  return key;
}
