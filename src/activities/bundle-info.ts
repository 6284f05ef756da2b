import { type ByteString, byteStringFromText, displayOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import { readInfoSection } from '../formats/info-file.ts';
import {
  type BundleInfo,
  type BundleKind,
  isBundleId,
  isLanguageCode,
  longestText,
  mostLanguages,
  type Texts,
} from '../repository/bundle-record.ts';
import { type BundleVersion, isBundleVersion } from '../repository/bundle-version.ts';

/** Most bytes of one description inside a bundle. */
export const infoLimit = 64 * 1024;

/** Where each kind describes itself, below its folder. */
const infoFiles: Readonly<Record<Exclude<BundleKind, 'content'>, ByteString>> = {
  activity: 'activity/activity.info' as ByteString,
  library: 'library/library.info' as ByteString,
};

const localised = /^locale\/([^/]+)\/(?:activity|library)\.linfo$/;

/**
 * Those of the paths below the folder of a bundle whose content {@link bundleInfo} wants to see: the descriptions, and
 * the names in so many languages as a text may have, the first by their codes. Whoever made the bundle chose how many
 * there are, and all of them are held in memory.
 */
export function infoPaths(paths: readonly ByteString[]): ReadonlySet<ByteString> {
  const byLanguage = Map.groupBy(paths, languageOf);
  const codes = [...byLanguage.keys()].filter((code) => code !== undefined).sort();
  // The plain name is one of the texts.
  const named = codes.slice(0, mostLanguages - 1).flatMap((code) => byLanguage.get(code)!);
  return new Set([...Object.values(infoFiles), ...named]);
}

/** The language that a file tells the name in; undefined for every other file. */
function languageOf(path: ByteString): string | undefined {
  const code = localised.exec(path)?.[1];
  return code !== undefined && isLanguageCode(code) ? code : undefined;
}

/** What is needed to describe a bundle: its folder, the paths below it and the content of those that describe it. */
export type BundleFiles = {
  /** For sentences: the name of the archive. */
  readonly archive: string;
  readonly folder: string;
  readonly isFile: (path: ByteString) => boolean;
  readonly texts: ReadonlyMap<ByteString, string>;
};

/**
 * Reads what a `.xo` or `.xol` says about itself (facts, 11.1). Throws `bundle-info-missing` for a bundle without
 * description, `bundle-key-missing` and `bundle-key-wrong` for one that Sugar would not install.
 */
export function bundleInfo(files: BundleFiles): BundleInfo {
  const { texts } = files;
  if (texts.has(infoFiles.activity)) return activityInfo(files, sectionOf(files, 'activity', 'Activity'));
  if (texts.has(infoFiles.library)) return libraryInfo(files, sectionOf(files, 'library', 'Library'));
  throw new SatchelError('bundle-info-missing', {
    archive: files.archive,
    folder: files.folder,
  });
}

type Keys = {
  readonly files: BundleFiles;
  readonly info: string;
  readonly keys: ReadonlyMap<string, string>;
};

function sectionOf(files: BundleFiles, kind: 'activity' | 'library', section: string): Keys {
  const path = infoFiles[kind];
  const keys = readInfoSection(files.texts.get(path)!, section);
  if (keys === undefined)
    throw new SatchelError('bundle-key-missing', {
      archive: files.archive,
      info: displayOf(path),
      key: `[${section}]`,
    });
  return { files, info: displayOf(path), keys };
}

function activityInfo(files: BundleFiles, keys: Keys): BundleInfo {
  // What Sugar cannot start it does not install.
  if (!keys.keys.has('exec') && !keys.keys.has('class')) throw missing(keys, 'exec');
  if (!files.folder.endsWith('.activity'))
    throw new SatchelError('bundle-folder-wrong', {
      archive: files.archive,
      folder: files.folder,
    });
  // Bundles from before 2009 have no host version.
  const host = keys.keys.get('host_version');
  if (host !== undefined && !/^\d{1,4}$/.test(host)) throw wrong(keys, 'host_version', host);
  return {
    kind: 'activity',
    id: idOf(keys, keys.keys.has('bundle_id') ? 'bundle_id' : 'service_name'),
    version: versionOf(keys, 'activity_version'),
    names: namesOf(keys, 'name'),
    folder: files.folder,
    icon: iconOf(keys, 'activity'),
    license: shortText(keys, 'license'),
    summary: shortText(keys, 'summary') ?? shortText(keys, 'description'),
  };
}

function libraryInfo(files: BundleFiles, keys: Keys): BundleInfo {
  return {
    kind: 'library',
    id: idOf(keys, keys.keys.has('global_name') ? 'global_name' : 'bundle_id'),
    version: versionOf(keys, 'library_version'),
    names: namesOf(keys, keys.keys.has('long_name') ? 'long_name' : 'name'),
    folder: files.folder,
    icon: iconOf(keys, 'library'),
    license: shortText(keys, 'license'),
    summary: shortText(keys, 'summary') ?? shortText(keys, 'description'),
  };
}

function idOf(keys: Keys, key: string) {
  const id = keys.keys.get(key);
  if (id === undefined || id === '') throw missing(keys, key === 'service_name' ? 'bundle_id' : key);
  if (!isBundleId(id)) throw wrong(keys, key, id);
  return id;
}

/** Without a version a bundle is its first. */
function versionOf(keys: Keys, key: string): BundleVersion {
  const version = keys.keys.get(key) ?? '1';
  if (!isBundleVersion(version)) throw wrong(keys, key, version);
  return version;
}

function namesOf(keys: Keys, key: string): Texts {
  const plain = shortText(keys, key);
  if (plain === undefined) throw missing(keys, key);
  const names: Record<string, string> = { '': plain };
  for (const [path, text] of keys.files.texts) {
    const code = languageOf(path);
    if (code === undefined) continue;
    const name =
      readInfoSection(text, 'Activity')?.get('name') ?? readInfoSection(text, 'Library')?.get('name');
    if (name !== undefined && name !== '') names[code] = name.slice(0, longestText);
  }
  return names;
}

/** The picture, where there is one by that name: `icon` is without its ending in the old bundles. */
function iconOf({ keys, files }: Keys, folder: 'activity' | 'library'): string | undefined {
  const icon = keys.get('icon');
  if (icon === undefined || !/^[^/\0]{1,100}$/.test(icon)) return undefined;
  return [`${folder}/${icon}.svg`, `${folder}/${icon}`, `${folder}/${icon}.png`].find((path) =>
    files.isFile(byteStringFromText(path)),
  );
}

function shortText({ keys }: Keys, key: string): string | undefined {
  const text = keys.get(key)?.trim();
  return text === undefined || text === '' ? undefined : text.slice(0, longestText);
}

function missing({ files, info }: Keys, key: string): SatchelError {
  return new SatchelError('bundle-key-missing', { archive: files.archive, info, key });
}

function wrong({ files, info }: Keys, key: string, value: string): SatchelError {
  return new SatchelError('bundle-key-wrong', {
    archive: files.archive,
    info,
    key,
    value: value.slice(0, 100),
  });
}
