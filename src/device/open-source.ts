import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { openSourceStore, type SourceStore } from '../store/open.ts';
import { openTimeFloor } from '../trust/floor.ts';
import { createAllowance } from './allowance.ts';
import { type AccountFolder, type DataAccount, openDataAccount } from './data-account.ts';
import { type DataMonth, dataMonth } from './data-month.ts';
import type { DeviceLayout } from './layout.ts';
import { type MeteredSource, meterSource } from './metered-source.ts';

export type SourceOptions = {
  readonly address: string;
  /** Most bytes that the device may receive in a month; undefined: as many as it likes. */
  readonly monthlyBytes: number | undefined;
  /** Milliseconds that the source may be silent; the store's own when absent. */
  readonly patience: number | undefined;
  readonly clock: Clock;
  /** Counts in place of the account of the place, and is closed by whoever opened it. */
  readonly account?: DataAccount | undefined;
};

/** A source, and what the device has received this month: undefined for a source that costs nothing. */
export type OpenSource = {
  readonly store: MeteredSource;
  readonly month: () => DataMonth | undefined;
};

/** Opens a source of a device. Its bytes are counted for the month when they come through a network. */
export async function openMeteredSource(layout: DeviceLayout, options: SourceOptions): Promise<OpenSource> {
  return meterForMonth(layout, await openSourceStore(options.address, options), options);
}

/** Where a place keeps its account, and the floor of time that says which month it is. */
export type AccountPlace = AccountFolder & { readonly trust: string };

/** Counts what comes from a source for the month of a device or a site, when it comes through a network. */
export function meterForMonth(
  layout: AccountPlace,
  source: SourceStore,
  { address, monthlyBytes, clock, account: given }: Omit<SourceOptions, 'patience'>,
): OpenSource {
  if (!isNetwork(address)) return { store: meterSource(source, {}), month: () => undefined };
  const isLaw = monthlyBytes !== undefined;
  const floor = openTimeFloor(join(layout.trust, 'floor'), clock);
  const account =
    given === undefined
      ? openDataAccount(layout, { now: floor.now, isLaw })
      : { ...given, close: async () => undefined };
  const month = () => dataMonth(account.count(), monthlyBytes);
  const allowance = isLaw ? createAllowance(month, { isEncrypted: /^https:/i.test(address) }) : undefined;
  return { store: meterSource(source, { account, allowance }), month };
}

/** Asks a program behind a source, and counts what it answers. Undefined where there cannot be one. */
export function countedAsk({ ask, counted }: MeteredSource): SourceStore['ask'] {
  if (ask === undefined) return undefined;
  return (question) => counted(question.limit, () => ask(question));
}

/** False for what lies on this machine: a directory, a stick. */
export function isNetwork(address: string): boolean {
  return /^https?:/i.test(address);
}
