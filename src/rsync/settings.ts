import { Fields } from '../base/fields.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readFileIfThere } from '../os/if-there.ts';
import type { RsyncLayout } from './layout.ts';

/** What an operator can set about rsync clients; `satchel rsync set` writes it. */
export type RsyncSettings = {
  /** Most connections at one time; 0: no limit. The old servers had 10. */
  readonly connections: number;
  /** Most connections at one time from one address; 0: no limit, because a classroom may sit behind one address. */
  readonly perSource: number;
  /** How much the daemon gives way to other programs, 0 to 19. */
  readonly nice: number;
  /** Most address space of one connection, in bytes; 0: no limit. */
  readonly memory: number;
  /** Bytes that trees for rsync clients may take on disk; the least recently used go first. */
  readonly budget: number;
  /** Seconds that a client waits for a tree before it is asked to come back later. */
  readonly wait: number;
  /** The user whose files the daemon serves and as whom it runs when it was started by root. */
  readonly user: string;
  /** The drop directory, when it is not `packed` in the rsync directory. */
  readonly packed?: string;
  /** Where builds that are not here are fetched from; `{name}` stands for the build. */
  readonly upstream?: string;
};

/** What holds where nothing is set. */
export const defaultSettings: RsyncSettings = {
  connections: 200,
  perSource: 0,
  nice: 10,
  memory: 0,
  budget: 16 * 1024 ** 3,
  wait: 50,
  user: 'nobody',
};

const format = 1;
/** The largest values; enough for any server, since a slip of the finger is no limit. */
export const mostSettings = { connections: 100_000, nice: 19, wait: 86_400 } as const;

/**
 * The settings of an rsync directory; what is not set there has its default.
 * Throws `record-invalid` and `record-newer`.
 */
export function readRsyncSettings({ settings: path }: RsyncLayout): RsyncSettings {
  const set = readFileIfThere(path);
  if (set === undefined) return defaultSettings;
  const fields = Fields.parse(set, path);
  fields.expectFormat('rsync-settings', format);
  const count = (name: keyof RsyncSettings & keyof typeof defaultSettings, most?: number) =>
    fields.has(name) ? fields.count(name, most) : Number(defaultSettings[name]);
  const optional = (name: 'packed' | 'upstream') => (fields.has(name) ? { [name]: fields.text(name) } : {});
  return {
    connections: count('connections', mostSettings.connections),
    perSource: count('perSource', mostSettings.connections),
    nice: count('nice', mostSettings.nice),
    memory: count('memory'),
    budget: count('budget'),
    wait: count('wait', mostSettings.wait),
    user: fields.has('user') ? userName(fields) : defaultSettings.user,
    ...optional('packed'),
    ...optional('upstream'),
  };
}

/** Replaces the settings atomically. */
export function writeRsyncSettings(layout: RsyncLayout, settings: RsyncSettings): void {
  const record = { satchel: 'rsync-settings', format, ...settings };
  writeFileAtomic(layout.settings, `${JSON.stringify(record, undefined, 2)}\n`);
}

/** True for the name of a user that may stand in the daemon's configuration as it is. */
export function isUserName(name: string): boolean {
  return /^[a-z_][a-z0-9_-]{0,31}$/.test(name);
}

function userName(fields: Fields): string {
  const name = fields.text('user');
  if (!isUserName(name)) throw fields.wrong('user');
  return name;
}
