import { join } from 'node:path';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { isSha256, type Sha256, type StreamName, streamName } from '../base/identifiers.ts';
import type { DeviceLayout } from './layout.ts';
import {
  type Fields,
  isCount,
  isOptionalText,
  readIfPresent,
  readStateFile,
  writeStateFile,
} from './state-file.ts';

/** What an operator has set on a device. */
export type DeviceConfiguration = {
  /**
   * Address of the repository, or `auto`: it looks for one each time. Absent on a device that follows none and is
   * updated through rsync or from drives.
   */
  readonly source?: string;
  /** With the source `auto`: addresses that are asked before any others. */
  readonly addresses?: readonly string[];
  /** SHA-256 of the first root of the repository that it follows, where it is known. */
  readonly organisation?: Sha256;
  readonly stream?: StreamName;
  /** Most bytes that the device may receive in a calendar month; absent: as many as it likes. */
  readonly monthlyBytes?: number;
  /** False: it tells nobody what it runs. */
  readonly reports?: boolean;
  /** True: versions that come are sealed; absent: nobody has sealed one here, or said whether they are. */
  readonly seal?: boolean;
};

const format = 1;

/** The configuration, or undefined before anything was set. Throws `device-file-newer`, `device-file-damaged`. */
export function readConfiguration(layout: DeviceLayout): DeviceConfiguration | undefined {
  return readStateFile(layout.configuration, format, parseConfiguration);
}

/** Replaces the configuration atomically. */
export function writeConfiguration(layout: DeviceLayout, configuration: DeviceConfiguration): void {
  writeStateFile(layout.configuration, format, configuration);
}

function parseConfiguration(fields: Fields): DeviceConfiguration | undefined {
  const { source, stream, monthlyBytes, addresses, organisation, reports, seal } = fields;
  if (addresses !== undefined && !isTexts(addresses)) return undefined;
  if (!isOptionalText(organisation) || (organisation !== undefined && !isSha256(organisation)))
    return undefined;
  if (!isOptionalText(source) || source === '' || !isOptionalText(stream)) return undefined;
  // A budget that cannot be understood must not count as none.
  if (monthlyBytes !== undefined && !isCount(monthlyBytes)) return undefined;
  const rest = {
    ...(source === undefined ? {} : { source }),
    ...(addresses === undefined ? {} : { addresses }),
    ...(organisation === undefined ? {} : { organisation }),
    ...(monthlyBytes === undefined ? {} : { monthlyBytes }),
    ...(reports === false ? { reports } : {}),
    ...(typeof seal === 'boolean' ? { seal } : {}),
  };
  if (stream === undefined) return rest;
  try {
    return { ...rest, stream: streamName(stream) };
  } catch (error) {
    if (isSatchelError(error, 'name-not-allowed')) return undefined;
    throw error;
  }
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== '');
}

/** Which stream a device follows, and who said so. */
export type StreamChoice = {
  readonly stream: StreamName;
  /** The path of the file that says it, or `option`, `configuration`, `default`. */
  readonly saidBy: string;
  /** True for the stream `none`: this device is never updated by itself. */
  readonly never: boolean;
};

/** Below the device's root, first wins (facts, section 6.7); the image builder writes the third. */
const streamFiles = ['security/update-stream', 'etc/olpc-update/update-stream', 'etc/update-stream'];

/**
 * The stream of a device: the option of the command, the files that users and images have always had, the
 * configuration, else `stable`. Throws `update-stream-wrong` for a file with something else in it.
 */
export function chooseStream(
  layout: DeviceLayout,
  option: StreamName | undefined,
  configuration: DeviceConfiguration | undefined,
): StreamChoice {
  if (option !== undefined) return choice(option, 'option');
  for (const file of streamFiles) {
    const path = join(layout.root, file);
    const found = streamInFile(path);
    if (found !== undefined) return choice(found, path);
  }
  if (configuration?.stream !== undefined) return choice(configuration.stream, 'configuration');
  return choice(streamName('stable'), 'default');
}

/** The first line of a stream file; undefined when the file is absent or empty. */
function streamInFile(path: string): StreamName | undefined {
  const text = readIfPresent(path);
  const line = text?.split('\n')[0]?.trim();
  if (line === undefined || line === '') return undefined;
  try {
    return streamName(line);
  } catch (error) {
    if (isSatchelError(error, 'name-not-allowed'))
      throw new SatchelError('update-stream-wrong', { path, found: line.slice(0, 100) }, { cause: error });
    throw error;
  }
}

function choice(stream: StreamName, saidBy: string): StreamChoice {
  return { stream, saidBy, never: stream === 'none' };
}
