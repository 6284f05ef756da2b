import { mkdirSync, statSync } from 'node:fs';
import { SatchelError } from '../../base/errors.ts';
import { formatBytes } from '../../base/units.ts';
import { withSystemErrors } from '../../os/system-error.ts';
import { userNumbers } from '../../rsync/daemon-user.ts';
import {
  mostSettings,
  type RsyncSettings,
  readRsyncSettings,
  writeRsyncSettings,
} from '../../rsync/settings.ts';
import { requireRepository } from '../../trust/metadata-store.ts';
import { defineCommand } from '../command.ts';
import { value } from '../option-kinds.ts';
import { size, sizeOrNone } from '../options.ts';
import { openRepository } from '../repository-context.ts';
import { rsyncSettingsLines } from '../rsync-lines.ts';
import { rsyncLayoutOf } from '../rsync-place.ts';
import { directoryOrDefault, upstreamOrNone, userName, waitingTime, wholeNumber } from '../rsync-values.ts';
import { repo, rsyncDir } from '../shared-options.ts';

/** `satchel rsync set`: change how rsync clients are served; a server that runs follows within a second. */
export const rsyncSetCommand = defineCommand({
  arguments: {},
  options: {
    repo,
    rsyncDir,
    connections: value('option-rsync-connections', 'N', wholeNumber(mostSettings.connections)),
    perSource: value('option-rsync-per-source', 'N', wholeNumber(mostSettings.connections)),
    nice: value('option-rsync-nice', 'N', wholeNumber(mostSettings.nice)),
    memory: value('option-rsync-memory', 'SIZE|none', sizeOrNone),
    budget: value('option-rsync-budget', 'SIZE', size),
    wait: value('option-rsync-wait', 'TIME', waitingTime),
    user: value('option-rsync-user', 'NAME', userName),
    packed: value('option-rsync-packed', 'DIR|default', directoryOrDefault),
    upstream: value('option-rsync-upstream', 'ADDRESS|none', upstreamOrNone),
  },
  async run(call) {
    const { options } = call;
    await requireRepository(openRepository(call).store, call.signal);
    const { connections, perSource, nice, memory, budget, wait, user, packed, upstream } = options;
    const bytes = memory === null ? 0 : memory;
    const given = { connections, perSource, nice, memory: bytes, budget, wait, user, packed, upstream };
    if (Object.values(given).every((one) => one === undefined))
      throw new SatchelError('option-needed', {
        option:
          '--connections, --per-source, --nice, --memory, --budget, --wait, --user, --packed, --upstream',
      });
    requirePossible(given);
    const layout = rsyncLayoutOf(options);
    withSystemErrors('mkdir', layout.directory, () => mkdirSync(layout.directory, { recursive: true }));
    const settings = changed(readRsyncSettings(layout), given);
    writeRsyncSettings(layout, settings);
    return { directory: layout.directory, ...settings, packed: settings.packed ?? layout.packed };
  },
  show: (settings, words) => rsyncSettingsLines(settings, words),
});

/** Least address space with which rsync starts and serves, in bytes; it needs about half of that. */
const leastMemory = 32 * 1024 ** 2;

/**
 * Refuses what is well written and cannot work. Throws `memory-too-small`, `rsync-user-absent`,
 * `packed-directory-absent`.
 */
function requirePossible({ memory, user, packed }: Changes): void {
  if (memory && memory < leastMemory)
    throw new SatchelError('memory-too-small', {
      value: formatBytes(memory),
      least: `${leastMemory / 1024 ** 2}MiB`,
    });
  if (user != null) userNumbers(user);
  if (packed != null && statSync(packed, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new SatchelError('packed-directory-absent', { path: packed });
}

type Changes = { readonly [Name in keyof RsyncSettings]?: RsyncSettings[Name] | null | undefined };

/** The settings with what was given in its place; null takes one away. */
function changed(settings: RsyncSettings, changes: Changes): RsyncSettings {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  const all = Object.entries({ ...settings, ...Object.fromEntries(given) });
  return Object.fromEntries(all.filter(([, value]) => value !== null)) as RsyncSettings;
}
