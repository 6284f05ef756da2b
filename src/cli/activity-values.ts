/** What people write on the command line about bundles and their groups. */
import type { DeltaMaking } from '../activities/make-bundle-deltas.ts';
import { SatchelError } from '../base/errors.ts';
import { streamName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import {
  type BundleId,
  isBundleFolder,
  isBundleId,
  isLanguageCode,
  longestText,
} from '../repository/bundle-record.ts';
import { type BundleVersion, isBundleVersion } from '../repository/bundle-version.ts';
import { defaultGroup, type GroupName, isGroupName } from '../repository/group-record.ts';
import type { Parser } from './command.ts';
import { flag, repeated, value } from './option-kinds.ts';
import { count, text } from './options.ts';
import { stream } from './shared-options.ts';

/** The name of a group. */
export const groupName: Parser<GroupName> = (given, label) => {
  if (!isGroupName(given))
    throw new SatchelError('group-name-wrong', { value: given.slice(0, 100), option: label });
  return given;
};

/** The id of a bundle. */
export const bundleId: Parser<BundleId> = (given, label) => {
  if (!isBundleId(given))
    throw new SatchelError('bundle-id-wrong', { value: given.slice(0, 100), option: label });
  return given;
};

/** The version of a bundle. */
export const bundleVersion: Parser<BundleVersion> = (given, label) => {
  if (!isBundleVersion(given))
    throw new SatchelError('bundle-version-wrong', { value: given.slice(0, 100), option: label });
  return given;
};

/** The name of one directory. */
export const bundleFolder: Parser<string> = (given, label) => {
  if (!isBundleFolder(given))
    throw new SatchelError('bundle-folder-not-allowed', { value: given.slice(0, 100), option: label });
  return given;
};

/** `TEXT`, or `LANGUAGE=TEXT` for those who read that language. */
export const textIn: Parser<readonly [language: string, text: string]> = (given, label) => {
  const [, code = '', words = ''] = /^(?:([A-Za-z_@-]{2,30})=)?(.*)$/s.exec(text(given, label)) ?? [];
  const isLanguage = code === '' || isLanguageCode(code);
  if (words.length > longestText)
    throw new SatchelError('text-too-long', { option: label, limit: longestText });
  // A title may hold an equals sign.
  return isLanguage ? [code, words] : ['', given];
};

const newestKept = 2;

/** `--no-deltas` of everything that gives a stream another version. */
export const noDeltas = flag('option-activity-no-deltas');

/** Options of everything that publishes bundles. */
export const publishingOptions = {
  group: value('option-activity-group', 'GROUP', groupName),
  stream: repeated('option-activity-streams', 'STREAM', stream),
  optional: flag('option-activity-optional'),
  keep: value('option-activity-keep', 'N', count),
  noDeltas,
};

/** The same, as publishing wants them. */
export function publishingChoice(options: {
  readonly group: GroupName | undefined;
  readonly stream: readonly ReturnType<typeof streamName>[];
  readonly optional: boolean;
  readonly keep: number | undefined;
}) {
  const { group = defaultGroup, stream: streams, optional, keep = newestKept } = options;
  return { group, streams: streams.length > 0 ? streams : [streamName('stable')], optional, keep };
}

/** How deltas are made, unless they are not wanted. */
export function deltaMaking({
  options,
  reporter,
}: {
  readonly options: { readonly noDeltas: boolean };
  readonly reporter: Reporter;
}): DeltaMaking | undefined {
  if (options.noDeltas) return undefined;
  return {
    reporter,
    // Loaded only then: most publications have nothing to make a delta of.
    make: async (task) => (await import('../delta/make-delta.ts')).makeDelta(task),
  };
}
