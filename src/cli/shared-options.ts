/** Options and arguments that several commands have, so that they mean the same everywhere. */
import { buildName, streamName } from '../base/identifiers.ts';
import { defaultRepository } from '../site/layout.ts';
import type { OptionDefinition, Parser } from './command.ts';
import { deviceSource } from './device-source.ts';
import { flag, optionalArgument, required, value } from './option-kinds.ts';
import { localPath, oneOf, patience, rate, size } from './options.ts';

/** The name of a build, checked. */
export const build: Parser<ReturnType<typeof buildName>> = (given) => buildName(given);

/** The name of a stream, checked. */
export const stream: Parser<ReturnType<typeof streamName>> = (given) => streamName(given);

/** `--repo DIR` or `SATCHEL_REPO`. */
export const repo = required('option-repo', 'DIR', localPath, { environment: 'SATCHEL_REPO' });

const repoOfServer = value('option-repo', 'DIR', localPath, { environment: 'SATCHEL_REPO' });

/** `--repo DIR` or `SATCHEL_REPO`, else where a server keeps its repository. */
export const siteRepo: OptionDefinition<string> = {
  ...repoOfServer,
  read: (words, label) => repoOfServer.read(words, label) ?? defaultRepository,
};

/** `--key-dir DIR`: keys that do not lie in the repository's usual place. */
export const keyDir = value('option-key-dir', 'DIR', localPath);

/** `--rsync-dir DIR` or `SATCHEL_RSYNC_DIR`: what belongs to rsync clients, when it is not beside the repository. */
export const rsyncDir = value('option-rsync-dir', 'DIR', localPath, { environment: 'SATCHEL_RSYNC_DIR' });

/** `--root DIR` or `SATCHEL_ROOT`: the device. */
export const root = required('option-root', 'DIR', localPath, { environment: 'SATCHEL_ROOT' });

/** `--source URL` or `SATCHEL_SOURCE`: a repository to fetch from, instead of what the device has stored. */
export const source = value('option-source', 'URL|auto', deviceSource, { environment: 'SATCHEL_SOURCE' });

/** `--timeout TIME` or `SATCHEL_TIMEOUT`: how long a source may be silent. Milliseconds. */
export const timeout = value('option-timeout', 'TIME', patience, { environment: 'SATCHEL_TIMEOUT' });

/** `--stream S`. */
export const streamChoice = value('option-stream-follow', 'STREAM', stream);

/** `[BUILD]`: a build of the source. */
export const buildWanted = optionalArgument('argument-build-wanted', 'BUILD', build);

/** `[BUILD]`: a build on the device. */
export const buildInstalled = optionalArgument('argument-build-installed', 'BUILD', build);

/** `--max-bytes SIZE`: what a transfer may cost. */
export const maxBytes = value('option-max-bytes', 'SIZE', size);

/** Options of commands that fetch content. */
export const transfer = {
  reclaim: flag('option-reclaim'),
  maxBytes,
  limitRate: value('option-limit-rate', 'RATE', rate),
};

/** `--verify full`. */
export const verifyMode = value('option-verify', 'full', oneOf('full'));

/** Roles whose keys people handle. */
export const keyRoles = [
  'root',
  'targets',
  'snapshot',
  'timestamp',
  'builds',
  'streams',
  'deltas',
  'activities',
] as const;
