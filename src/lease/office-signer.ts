import { readFileSync } from 'node:fs';
import { SatchelError } from '../base/errors.ts';
import { withSystemErrors } from '../os/system-error.ts';
import {
  type OfficeSettings,
  officeSettingsVersion,
  readOfficeSettings,
  trustedBy,
} from './office-settings.ts';
import { openSchedule } from './schedule.ts';
import { openSigner } from './signer.ts';
import { isPinTrouble } from './signer-check.ts';
import type { Signer } from './signer-type.ts';

/** What makes leases at a place, as its settings say now. */
export type OfficeTools = {
  readonly settings: OfficeSettings;
  readonly signer: Signer;
  readonly trust: ReturnType<typeof trustedBy>;
  readonly schedule: ReturnType<typeof openSchedule>;
};

/** Milliseconds after which a key that could not be opened is tried again. */
const patience = 60_000;

/**
 * Keeps the key of a place open, and opens it anew when the settings change. A key that cannot be opened is told once
 * by `onFailure` and tried again after a minute, but for a PIN that a token refuses: that waits for the settings.
 */
export function keepTools(
  directory: string,
  {
    onFailure,
    now,
    signal,
  }: {
    readonly onFailure: (error: unknown) => void;
    readonly now: () => number;
    /** Ends the opening of a key. */
    readonly signal: AbortSignal;
  },
) {
  let version: string | undefined;
  let tools: Promise<OfficeTools | undefined> = Promise.resolve(undefined);
  let failed: number | undefined;
  const open = async (former: Promise<OfficeTools | undefined>): Promise<OfficeTools | undefined> => {
    await (await former)?.signer.close().catch(onFailure);
    try {
      return await openTools(directory, signal);
    } catch (error) {
      // A token locks itself when a wrong PIN is tried again and again.
      if (!isPinTrouble(error)) failed = now();
      if (!signal.aborted) onFailure(error);
      return undefined;
    }
  };
  return {
    /** Undefined where there is no key, or none that can be opened. */
    current(): Promise<OfficeTools | undefined> {
      if (signal.aborted) return Promise.resolve(undefined);
      const present = officeSettingsVersion(directory);
      if (present !== version || (failed !== undefined && now() - failed > patience)) {
        version = present;
        failed = undefined;
        tools = open(tools);
      }
      return tools;
    },
    async close(): Promise<void> {
      const last = tools;
      tools = Promise.resolve(undefined);
      await (await last)?.signer.close().catch(onFailure);
    },
  };
}

/** Opens what the settings name; undefined without a key. Throws `lease-settings-damaged` and what the signer throws. */
export async function openTools(
  directory: string,
  signal?: AbortSignal,
  settings: OfficeSettings = readOfficeSettings(directory),
): Promise<OfficeTools | undefined> {
  const { key, passphraseFile } = settings;
  if (key === undefined) return undefined;
  const passphrase = passphraseFile === undefined ? undefined : firstLine(passphraseFile);
  const signer = await openSigner(key, { passphrase, signal });
  return { settings, signer, trust: trustedBy(settings), schedule: openSchedule(settings.rules) };
}

/** The passphrase in the first line of a file. Throws `lease-passphrase-empty`. */
export function firstLine(path: string): string {
  const [line = ''] = withSystemErrors('read', path, () => readFileSync(path, 'utf8')).split(/\r?\n/);
  if (line === '') throw new SatchelError('lease-passphrase-empty', { path });
  return line;
}
