import type { Serial } from '../lease/laptop.ts';
import { bucketOf } from './decide.ts';
import { matchesPattern } from './group.ts';
import type { UpdateEntry, UpdatesFile } from './updates-cfg.ts';

/** A laptop as the conditions see it. */
export type LaptopSeen = {
  readonly serial: Serial;
  /** The contents hash of what it runs, when it told. */
  readonly vhash?: string | undefined;
  readonly stream: string;
  readonly model?: string | undefined;
};

/**
 * The update that a laptop is advised to take: the newest below what it runs whose conditions it meets. One that runs
 * something that is not in the file is offered what names it in `from`, or is for unknown ones. `now` is in milliseconds.
 */
export function chooseUpdate(file: UpdatesFile, laptop: LaptopSeen, now: number): UpdateEntry | undefined {
  if (laptop.stream === 'none') return undefined;
  const runs = file.findIndex(({ hash }) => hash === laptop.vhash);
  for (let at = file.length - 1; at > runs; at -= 1) {
    const entry = file[at];
    if (entry !== undefined && meets(entry, { laptop, isUnknown: runs < 0, now })) return entry;
  }
  return undefined;
}

type Asked = { readonly laptop: LaptopSeen; readonly isUnknown: boolean; readonly now: number };

function meets(entry: UpdateEntry, { laptop, isUnknown, now }: Asked): boolean {
  const { serial, vhash, stream, model } = laptop;
  const { from, streams, models, serials, notBefore, share, offerUnknown } = entry;
  const isNamed = vhash !== undefined && (from as ReadonlySet<string> | undefined)?.has(vhash);
  if (isUnknown ? !isNamed && !offerUnknown : from !== undefined && !isNamed) return false;
  if (streams !== undefined && !streams.includes(stream)) return false;
  if (models !== undefined && !models.some((pattern) => matchesPattern(pattern, model ?? ''))) return false;
  if (serials !== undefined && !serials.some((pattern) => matchesPattern(pattern, serial))) return false;
  if (notBefore !== undefined && now < notBefore) return false;
  return share === undefined || bucketOf(entry.hash, serial) < share;
}
