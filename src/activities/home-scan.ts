import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { readInfoSection } from '../formats/info-file.ts';
import { listIfThere } from '../os/if-there.ts';
import { type BundleKind, isLanguageCode, type Texts } from '../repository/bundle-record.ts';
import { infoLimit } from './bundle-info.ts';
import type { HomeLayout } from './home.ts';

/** A folder in which bundles are installed, as it describes itself. */
export type FoundBundle = {
  readonly kind: BundleKind;
  readonly folder: string;
  /** Undefined: it says nothing of itself, as content does. */
  readonly id: string | undefined;
  readonly version: string | undefined;
};

/** Everything that lies where bundles are installed, whoever put it there. */
export function scanHome(layout: HomeLayout): FoundBundle[] {
  const kinds = Object.keys(layout.folders) as BundleKind[];
  return kinds.flatMap((kind) =>
    listIfThere(layout.folders[kind])
      .filter((folder) => !folder.startsWith('.'))
      .map((folder) => ({ kind, folder, ...describe(join(layout.folders[kind], folder), kind) })),
  );
}

function describe(directory: string, kind: BundleKind): Pick<FoundBundle, 'id' | 'version'> {
  if (kind === 'content') return { id: undefined, version: undefined };
  const isActivity = kind === 'activity';
  const text = readStart(join(directory, isActivity ? 'activity/activity.info' : 'library/library.info'));
  const keys = text === undefined ? undefined : readInfoSection(text, isActivity ? 'Activity' : 'Library');
  if (isActivity)
    return {
      id: keys?.get('bundle_id') ?? keys?.get('service_name'),
      version: keys && (keys.get('activity_version') ?? '1'),
    };
  return {
    id: keys?.get('global_name') ?? keys?.get('bundle_id'),
    version: keys && (keys.get('library_version') ?? '1'),
  };
}

/** What a folder is called in every language that it has. */
export function namesOfFolder(layout: HomeLayout, { kind, folder, id }: FoundBundle): Texts {
  const directory = join(layout.folders[kind], folder);
  const plain = { '': id ?? folder };
  if (kind === 'content') return { '': folder };
  const [file, section] =
    kind === 'activity' ? (['activity', 'Activity'] as const) : (['library', 'Library'] as const);
  const nameIn = (path: string, keys: readonly string[]) => {
    const text = readStart(join(directory, path));
    const found = text === undefined ? undefined : readInfoSection(text, section);
    return keys.map((key) => found?.get(key)).find(Boolean);
  };
  const own = nameIn(`${file}/${file}.info`, kind === 'activity' ? ['name'] : ['long_name', 'name']);
  const names: Record<string, string> = own === undefined ? plain : { '': own };
  for (const code of listIfThere(join(directory, 'locale')).filter(isLanguageCode)) {
    const name = nameIn(`locale/${code}/${file}.linfo`, ['name']);
    if (name !== undefined) names[code] = name;
  }
  return names;
}

/** The beginning of a file that a user may have made into anything. */
function readStart(path: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    const bytes = Buffer.alloc(infoLimit);
    return bytes.toString('utf8', 0, readSync(fd, bytes));
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}
