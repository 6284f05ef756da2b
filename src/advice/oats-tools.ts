import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { readDelegations } from '../lease/delegations.ts';
import type { Serial } from '../lease/laptop.ts';
import { firstLine } from '../lease/office-signer.ts';
import type { Delegation } from '../lease/records.ts';
import { openSigner } from '../lease/signer.ts';
import { isPinTrouble } from '../lease/signer-check.ts';
import type { Signer } from '../lease/signer-type.ts';
import { keptFile } from '../os/kept-file.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { type OatsSettings, oatsSettingsFile, readOatsSettings } from './oats-settings.ts';
import { parseUpdatesFile, type UpdatesFile } from './updates-cfg.ts';

/** What answers laptops at a place, as its settings say now. */
export type OatsTools = {
  readonly settings: OatsSettings;
  readonly signer: Signer;
  /** Present when delegations were named. */
  readonly delegation?: (serial: Serial) => Promise<Delegation | undefined>;
  /** Present when advice comes from `updates.cfg`. */
  readonly updates?: () => UpdatesFile;
};

/** Keeps the tools of a place. */
export type KeptOatsTools = {
  /** Undefined where nobody set it up. */
  settings(): OatsSettings | undefined;
  /**
   * Does something with the tools as they are now, which stay open until it is done; undefined where nobody set it up.
   * Settings hold for the first question after them; a key that opens slowly follows later, and the former signs until then.
   * Throws what opening throws while nothing has been opened yet; it is tried again after a while, but for a
   * PIN that a token refuses: that waits for `satchel oats set`.
   */
  use<Result>(action: (tools: OatsTools) => Promise<Result>): Promise<Result | undefined>;
  close(): Promise<void>;
};

/** Milliseconds after which a key that could not be opened is tried again. */
const patience = 10_000;
/** Milliseconds for which questions wait for what new settings name. */
const openingPatience = 1000;

type Held = { readonly tools: OatsTools; uses: number; isRetired: boolean };

/**
 * Keeps the key of a place open and its files read, and opens them anew when `satchel oats set` has written. `onFailure`
 * is told of what cannot be opened or read; what was before stays.
 */
export function keepOatsTools(repository: string, onFailure: (error: unknown) => void): KeptOatsTools {
  const path = oatsSettingsFile(repository);
  const settings = keptFile<OatsSettings | undefined>(
    { path, read: () => readOatsSettings(repository), initial: undefined },
    // The first question after `satchel oats set` is answered as that says: it takes longer to end than this.
    { onFailure, pause: 10 },
  );
  let of: OatsSettings | undefined;
  let held: Held | undefined;
  let failure: { readonly error: unknown; readonly at: number } | undefined;
  let opening: Promise<void> = Promise.resolve();
  /** Ends when what new settings name is open, or has taken too long. */
  let following: Promise<void> | undefined;

  const closeUnused = async ({ tools, uses, isRetired }: Held) => {
    if (isRetired && uses === 0) await tools.signer.close().catch(onFailure);
  };
  const retire = async () => {
    const last = held;
    held = undefined;
    if (last === undefined) return;
    last.isRetired = true;
    await closeUnused(last);
  };
  const open = async (wanted: OatsSettings | undefined) => {
    try {
      const tools = wanted && (await openOatsTools(wanted, onFailure));
      const closing = retire();
      held = tools && { tools, uses: 0, isRetired: false };
      await closing;
    } catch (error) {
      failure = { error, at: performance.now() };
      onFailure(error);
    }
  };
  const isDueAgain = () =>
    failure !== undefined && !isPinTrouble(failure.error) && performance.now() - failure.at >= patience;
  const follow = () => {
    const wanted = settings();
    const isNew = wanted !== of;
    if (!isNew && !isDueAgain()) return;
    of = wanted;
    failure = undefined;
    opening = opening.then(() => open(wanted));
    if (!isNew) return;
    const now = Promise.race([opening, delay(openingPatience, undefined, { ref: false })]).finally(() => {
      if (following === now) following = undefined;
    });
    following = now;
  };

  return {
    settings,
    async use(action) {
      follow();
      if (held === undefined) await opening;
      else if (following !== undefined) await following;
      if (held === undefined && failure !== undefined) throw failure.error;
      if (held === undefined) return undefined;
      const using = held;
      using.uses += 1;
      try {
        return await action({ ...using.tools, settings: of ?? using.tools.settings });
      } finally {
        using.uses -= 1;
        await closeUnused(using);
      }
    },
    async close() {
      await opening;
      await retire();
    },
  };
}

/** Opens what settings name. Throws what the signer throws, `lease-passphrase-empty`. */
export async function openOatsTools(
  settings: OatsSettings,
  onFailure: (error: unknown) => void,
  signal?: AbortSignal,
): Promise<OatsTools> {
  const { key, passphraseFile, through, updates } = settings;
  const passphrase = passphraseFile === undefined ? undefined : firstLine(passphraseFile);
  const signer = await openSigner(key, { passphrase, signal, threads: true });
  return {
    settings,
    signer,
    ...(through !== undefined && { delegation: keptDelegations(through, onFailure) }),
    ...(updates !== undefined && { updates: keptUpdates(updates, onFailure) }),
  };
}

/** The delegations in a file as they are now; the former ones while a new file is wrong. */
function keptDelegations(path: string, onFailure: (error: unknown) => void) {
  let last: ReadonlyMap<Serial, Delegation> = new Map();
  const read = async () => {
    try {
      last = await readDelegations(path);
    } catch (error) {
      onFailure(error);
    }
    return last;
  };
  const current = keptFile({ path, read, initial: Promise.resolve(last) }, { onFailure });
  return async (serial: Serial) => (await current()).get(serial);
}

/** `updates.cfg` as it is now; a mistake in it is told with its line, and the last good one stays. */
function keptUpdates(path: string, onFailure: (error: unknown) => void): () => UpdatesFile {
  return keptFile<UpdatesFile>({ path, read: () => readUpdatesFile(path), initial: [] }, { onFailure });
}

/** Reads `updates.cfg`. Throws what {@link parseUpdatesFile} throws, and what reading throws. */
export function readUpdatesFile(path: string): UpdatesFile {
  return parseUpdatesFile(
    withSystemErrors('read', path, () => readFileSync(path)),
    path,
  );
}
