import type { AskProgram } from './ask-program.ts';

/** What an operator says of the link of a device. */
export type MeteredSetting = 'auto' | 'yes' | 'no';

/** NMMetered of NetworkManager: 1 yes, 3 guessed yes; 0 unknown, 2 and 4 no. */
const meteredValues = new Set([1, 3]);

/**
 * Whether what comes over the link costs money: as it was set, else as NetworkManager says of the link in use, else not.
 */
export async function isLinkMetered(
  setting: MeteredSetting,
  ask: AskProgram,
  signal?: AbortSignal,
): Promise<boolean> {
  if (setting !== 'auto') return setting === 'yes';
  const manager = 'org.freedesktop.NetworkManager';
  const property = await ask(
    'busctl',
    ['get-property', manager, '/org/freedesktop/NetworkManager', manager, 'Metered'],
    signal,
  );
  const value = /^u (\d+)/.exec(property ?? '')?.[1];
  if (value !== undefined) return meteredValues.has(Number(value));
  return isMeteredByNmcli(
    (await ask('nmcli', ['-t', '-f', 'GENERAL.STATE,GENERAL.METERED', 'device', 'show'], signal)) ?? '',
  );
}

/** Machines without systemd have the older program; a connected device (state 100) that is metered is one. */
function isMeteredByNmcli(answer: string): boolean {
  let isConnected = false;
  for (const line of answer.split('\n')) {
    if (line.startsWith('GENERAL.STATE:')) isConnected = line.startsWith('GENERAL.STATE:100');
    if (isConnected && /^GENERAL\.METERED:yes\b/.test(line)) return true;
  }
  return false;
}
