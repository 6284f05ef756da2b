/** Which devices of a site wait until the first ones of that site are well. */

/** A device as far as this choice needs it. */
export type ReservedFrom = {
  readonly identity: string;
  /** The site that it talks to; null: none, so nobody waits for it and it waits for nobody. */
  readonly site: string | null;
  /** It has taken the build, or tried to. */
  readonly took: boolean;
  /** It was heard after it had started the build, and has not left it since. */
  readonly well: boolean;
};

/** How many of each site wait, and the number by which devices are ordered: the largest would be last anyway. */
export type ReserveRule = { readonly perSite: number; readonly order: (identity: string) => number };

/**
 * The devices that stay untouched: at each site the last `perSite` that have not taken the build, until as many others
 * are well as wait (or all others, where there are fewer). At least one device of a site never waits, since otherwise
 * nobody would go first.
 */
export function reservedDevices<Device extends ReservedFrom>(
  devices: readonly Device[],
  { perSite, order }: ReserveRule,
): Device[] {
  const sites = new Map<string, Device[]>();
  for (const device of devices) {
    if (device.site === null) continue;
    const there = sites.get(device.site);
    if (there === undefined) sites.set(device.site, [device]);
    else there.push(device);
  }
  return [...sites.values()].flatMap((there) => reservedOfSite(there, { perSite, order }));
}

function reservedOfSite<Device extends ReservedFrom>(
  there: readonly Device[],
  { perSite, order }: ReserveRule,
): readonly Device[] {
  const wanted = Math.min(perSite, there.length - 1);
  const others = there.length - wanted;
  const well = there.filter((device) => device.well).length;
  if (wanted === 0 || well >= Math.min(wanted, others)) return [];
  const numbered = there
    .filter(({ took }) => !took)
    .map((device) => ({ device, number: order(device.identity) }));
  numbered.sort((a, b) => b.number - a.number);
  return numbered.slice(0, wanted).map(({ device }) => device);
}
