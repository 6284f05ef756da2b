import { isSatchelError } from '../base/errors.ts';
import { Fields } from '../base/fields.ts';
import { namePattern, type StreamName, streamName } from '../base/identifiers.ts';
import { indexLimit } from '../build/entry-rules.ts';
import {
  type BundleId,
  type BundleKind,
  bundleKinds,
  isBundleFolder,
  isBundleId,
  longestText,
  parseTexts,
  type Texts,
} from './bundle-record.ts';
import { type BundleVersion, compareBundleVersions, isBundleVersion } from './bundle-version.ts';
import { mapLimit, recordFormat, type StoredFile, storedFile, type TreeDelta, treeDelta } from './records.ts';

/** The name of a group of bundles: `default`, `primary-school`. */
export type GroupName = string & { readonly __brand: 'GroupName' };

/** The group that bundles go into, and that devices follow, unless somebody says otherwise. */
export const defaultGroup = 'default' as GroupName;

/** The stream whose versions are for everybody whose own stream has none. */
export const everybodysStream = 'stable' as StreamName;

/** True for a name that a group may have. */
export function isGroupName(text: string): text is GroupName {
  return namePattern.test(text);
}

/** A file that turns an earlier version of a bundle into this one. */
export type BundleDelta = TreeDelta & { readonly from: BundleVersion };

/** One version of a bundle in a group; fields in this order. */
export type BundleRecord = {
  readonly id: BundleId;
  readonly version: BundleVersion;
  readonly kind: BundleKind;
  /** The directory that it is installed as. */
  readonly folder: string;
  readonly index: StoredFile;
  readonly map: StoredFile;
  /** Stored bytes of every pack range that it needs. */
  readonly everything: number;
  /** Stored bytes of its objects by themselves, without what lies in the same pack ranges; absent in older records. */
  readonly alone?: number;
  readonly tree: { readonly entries: number; readonly files: number; readonly bytes: number };
  /** UTC. */
  readonly published: string;
  /** True: installed only where somebody asks for it, and updated where it is installed. */
  readonly optional: boolean;
  /** The streams of devices that this version is for; none: it is here for devices that are pinned to it. */
  readonly streams: readonly StreamName[];
  /** How devices come here from earlier versions, which need not be in the group any more; absent: by objects. */
  readonly deltas?: readonly BundleDelta[];
};

/** `activities/<group>.json`: bundles that devices get together. */
export type GroupRecord = {
  readonly satchel: 'activities';
  readonly format: number;
  readonly group: GroupName;
  /** Languages to texts. */
  readonly titles: Texts;
  readonly descriptions: Texts;
  /** What people are shown of each bundle: see {@link BundleDetails}. Absent without bundles. */
  readonly details?: StoredFile;
  /** In order of id; of one id the newest version first. */
  readonly bundles: readonly BundleRecord[];
};

/** What people are shown of a bundle. */
export type BundleDetails = {
  readonly id: BundleId;
  readonly version: BundleVersion;
  readonly names: Texts;
  readonly summary?: string;
  readonly license?: string;
  /** An SVG picture as text, or another as a `data:` address; see {@link longestIcon}. */
  readonly icon?: string;
};

/** Longest picture in characters. */
export const longestIcon = 32 * 1024;
/** Most bytes of all details of a group, uncompressed. */
export const detailsLimit = 64 * 1024 * 1024;
/** Most versions of bundles in one group. */
export const mostBundles = 4096;

/** Reads the record of a group. Throws `record-invalid`, `record-newer`. */
export function parseGroupRecord(bytes: Uint8Array, what: string): GroupRecord {
  const fields = Fields.parse(bytes, what);
  fields.expectFormat('activities', recordFormat);
  const group = fields.text('group');
  if (!isGroupName(group)) throw fields.wrong('group');
  const bundles = fields.list('bundles');
  if (bundles.length > mostBundles) throw fields.wrong('bundles');
  const record: GroupRecord = {
    satchel: 'activities',
    format: recordFormat,
    group,
    titles: parseTexts(fields, 'titles', { plain: false }),
    descriptions: parseTexts(fields, 'descriptions', { plain: false }),
    ...(fields.has('details') ? { details: storedFile(fields.record('details'), detailsLimit) } : {}),
    bundles: bundles.map(bundleRecord),
  };
  requireOrder(record, fields);
  return record;
}

function bundleRecord(fields: Fields): BundleRecord {
  const [id, version, folder] = [fields.text('id'), fields.text('version'), fields.text('folder')];
  const kind = bundleKinds.find((known) => known === fields.text('kind'));
  if (!isBundleId(id)) throw fields.wrong('id');
  if (!isBundleVersion(version)) throw fields.wrong('version');
  if (!isBundleFolder(folder)) throw fields.wrong('folder');
  if (kind === undefined) throw fields.wrong('kind');
  const tree = fields.record('tree');
  return {
    ...{ id, version, kind, folder },
    index: storedFile(fields.record('index'), indexLimit),
    map: storedFile(fields.record('map'), mapLimit),
    everything: fields.count('everything'),
    ...(fields.has('alone') ? { alone: fields.count('alone') } : {}),
    tree: { entries: tree.count('entries'), files: tree.count('files'), bytes: tree.count('bytes') },
    published: fields.time('published'),
    optional: fields.flag('optional'),
    streams: fields.texts('streams').map(streamName),
    ...(fields.has('deltas') ? { deltas: fields.list('deltas').map(bundleDelta) } : {}),
  };
}

function bundleDelta(fields: Fields): BundleDelta {
  const from = fields.text('from');
  if (!isBundleVersion(from)) throw fields.wrong('from');
  return { from, ...treeDelta(fields) };
}

/** A version that is there twice, or two for one stream, would make two devices decide differently. */
function requireOrder({ bundles }: GroupRecord, fields: Fields): void {
  const given = new Set<string>();
  for (const [place, bundle] of bundles.entries()) {
    const before = bundles[place - 1];
    if (before !== undefined && orderOfBundles(before, bundle) >= 0) throw fields.wrong('bundles');
    for (const stream of bundle.streams) {
      const key = `${bundle.id} ${stream}`;
      if (given.has(key)) throw fields.wrong('streams');
      given.add(key);
    }
  }
}

/** What people call one version: `org.laptop.Maze-12`. */
export function bundleName({ id, version }: Pick<BundleRecord, 'id' | 'version'>): string {
  return `${id}-${version}`;
}

/** By id, then the newest version first; versions that are the same to Sugar by their text. */
export function orderOfBundles(
  one: Pick<BundleRecord, 'id' | 'version'>,
  other: Pick<BundleRecord, 'id' | 'version'>,
): number {
  if (one.id !== other.id) return one.id < other.id ? -1 : 1;
  const newer = compareBundleVersions(other.version, one.version);
  if (newer !== 0) return newer;
  return one.version === other.version ? 0 : one.version < other.version ? -1 : 1;
}

/** The bytes of the details of a group: a JSON line each, in the order of its bundles. */
export function detailsBytes(details: readonly BundleDetails[]): Uint8Array {
  return Buffer.from(details.map((each) => `${JSON.stringify(each)}\n`).join(''), 'utf8');
}

/**
 * Reads them. A line that is wrong is left out: a bundle that nobody can describe is shown by its id, and can still be
 * removed. Throws `record-invalid` for more lines than a group may have bundles.
 */
export function parseDetails(bytes: Uint8Array, what: string): BundleDetails[] {
  const lines = Buffer.from(bytes).toString('utf8').split('\n').slice(0, -1);
  if (lines.length > mostBundles) throw new Fields({}, what).wrong('lines');
  return lines.flatMap((line) => detailsOf(line, what) ?? []);
}

function detailsOf(line: string, what: string): BundleDetails | undefined {
  try {
    const fields = Fields.parse(Buffer.from(line, 'utf8'), what);
    const [id, version] = [fields.text('id'), fields.text('version')];
    if (!isBundleId(id) || !isBundleVersion(version)) return undefined;
    return {
      ...{ id, version, names: parseTexts(fields, 'names', { plain: true }) },
      ...optionalText(fields, 'summary', longestText),
      ...optionalText(fields, 'license', longestText),
      ...optionalText(fields, 'icon', longestIcon),
    };
  } catch (error) {
    if (isSatchelError(error, 'record-invalid')) return undefined;
    throw error;
  }
}

function optionalText<Name extends string>(
  fields: Fields,
  name: Name,
  longest: number,
): Partial<Record<Name, string>> {
  if (!fields.has(name)) return {};
  const text = fields.text(name);
  if (text.length > longest) throw fields.wrong(name);
  return { [name]: text } as Record<Name, string>;
}
