import type { Fields } from '../base/fields.ts';
import type { BundleVersion } from './bundle-version.ts';

/**
 * What can be carried beside the OS: `activity` is a program of Sugar (`.xo`), `library` a collection of pages
 * (`.xol`), `content` any other tree.
 */
export const bundleKinds = ['activity', 'library', 'content'] as const;
export type BundleKind = (typeof bundleKinds)[number];

/** The name that stays the same through all versions of a bundle: `org.laptop.WebActivity`. */
export type BundleId = string & { readonly __brand: 'BundleId' };

/** A text by language code (`es`, `pt_BR`); the one under '' is for everybody else. */
export type Texts = Readonly<Record<string, string>>;

/** What a bundle says about itself. */
export type BundleInfo = {
  readonly kind: BundleKind;
  readonly id: BundleId;
  readonly version: BundleVersion;
  /** Has a text under ''. */
  readonly names: Texts;
  /** The directory that it is installed as: `Browse.activity`. */
  readonly folder: string;
  /** Path of its picture inside the folder. */
  readonly icon?: string | undefined;
  readonly license?: string | undefined;
  /** What its author says of it, in the language of the author. */
  readonly summary?: string | undefined;
};

/** Longest id, longest text of a bundle in characters, and most languages of one text, with the plain one. */
export const longestId = 200;
export const longestText = 500;
export const mostLanguages = 200;

/**
 * Longest path of what is in a bundle in bytes, with its folder. Linux takes 4095, and on a device the home of a user and
 * the folder in which a bundle is made come before it.
 */
export const longestBundlePath = 3072;

/** True for letters, digits, `.`, `_` and `-`, with a letter or digit first: ids become names of files. */
export function isBundleId(text: string): text is BundleId {
  return text.length <= longestId && /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(text) && !text.includes('..');
}

/** True for the code of a language as bundles and people write it: `es`, `pt_BR`, `zh-TW`, `ca@valencia`. */
export function isLanguageCode(text: string): boolean {
  return /^[a-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,2}(?:@[a-z]{1,20})?$/.test(text);
}

/**
 * True for the name of one directory that a bundle may be installed as. Control characters make a mess of lists, and what
 * begins like the drive of another system, `C:`, is no name to programs that unpack zips.
 */
export function isBundleFolder(name: string): boolean {
  if (name === '' || Buffer.byteLength(name) > 255 || name.startsWith('.')) return false;
  return !/[/\\\p{Cc}]|^[A-Za-z]:/u.test(name);
}

/** Reads a text by language. `plain`: one under '' must be there. Throws `record-invalid`. */
export function parseTexts(fields: Fields, name: string, { plain }: { readonly plain: boolean }): Texts {
  const found = Object.entries(fields.record(name).scalars());
  const isText = ([code, text]: readonly [string, unknown]) =>
    (code === '' || isLanguageCode(code)) && typeof text === 'string' && text.length <= longestText;
  if (found.length > mostLanguages || !found.every(isText)) throw fields.wrong(name);
  if (plain && !found.some(([code]) => code === '')) throw fields.wrong(name);
  return Object.fromEntries(found) as Texts;
}

/** The text for a language, as it may be shown: its own, that of the language without its country, the plain one. */
export function textFor(texts: Texts, language: string): string {
  const code = language.replace(/[.@].*$/, '');
  const base = code.replace(/[-_].*$/, '');
  const text =
    texts[code] ??
    texts[code.replace('_', '-')] ??
    texts[code.replace('-', '_')] ??
    texts[base] ??
    texts[''] ??
    '';
  return inItsDirection(text);
}

/**
 * A text without what turns the direction of writing: with that, a name could look like another one, or turn what stands
 * beside it. Scripts that are written from right to left do not need it.
 */
export function inItsDirection(text: string): string {
  return text.replace(/\p{Bidi_Control}/gu, '');
}
