/** Orders updates in place, and carries them out as the initramfs would, without a small disk. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { buildName } from '../../src/base/identifiers.ts';
import { silentReporter } from '../../src/base/progress.ts';
import { orderInPlace } from '../../src/device/boot-stage-prepare.ts';
import { prepareUpdate } from '../../src/device/prepare.ts';
import { openSession } from '../../src/device/session.ts';
import { startSpending } from '../../src/device/spending.ts';
import type { KitMaker } from '../../src/device/update-options.ts';
import { findWanted } from '../../src/device/wanted.ts';
import type { WayKind } from '../../src/plan/ways.ts';

/** A kit that nothing runs in. */
export const emptyKit: KitMaker = async ({ kit }) => {
  mkdirSync(kit);
  writeFileSync(join(kit, 'nothing'), '');
  return '/bin/true';
};

/** Orders that a device replaces what it boots by this build, whatever room there is; the way that was taken. */
export async function order(
  root: string,
  build: string,
  options: { readonly ways?: readonly WayKind[]; readonly makeKit?: KitMaker } = {},
): Promise<WayKind> {
  const common = { clock: systemClock, reporter: silentReporter };
  const session = await openSession({ root, ...common });
  try {
    const wanted = await findWanted(session, { build: buildName(build) });
    const spending = startSpending(session, { build: wanted.build.name, maximumBytes: undefined });
    const base = (await import('../../src/device/open-boot-pointer.ts'))
      .openBootPointer(session.layout)
      .read().current;
    const given = { session, choice: { build: wanted.build.name }, ...common };
    const prepared = await prepareUpdate({
      ...{ ...given, ...session },
      ...{ wanted, spending, base, useless: new Set<never>() },
    });
    const ways = prepared.ways.filter(({ kind }) => options.ways?.includes(kind) ?? true);
    const makeKit = options.makeKit ?? emptyKit;
    return (await orderInPlace({ ...given, wanted, prepared: { ...prepared, ways }, makeKit })).kind;
  } finally {
    await session.close();
  }
}
