import type { Result } from '../contest.ts';
import type { Context } from '../context.ts';
import { run } from '../measure.ts';
import * as satchel from '../peers/satchel.ts';
import { devicesOfRoom, measureTogether } from '../room.ts';
import { loopback, type Server } from '../servers.ts';
import { bytesReceivedBy, type LinkOptions, openThinLink, type ThinLink } from '../thin-link/link.ts';
import type { Updatable, Updater } from '../updaters.ts';

/** 300 ms for the way there and back; twice what is on its way may wait at each end. */
const link: Omit<LinkOptions, 'bitsPerSecond'> = { delay: 150, queue: 150_000, loss: 0 };

/**
 * The usual link, where two processors that do the work of thirty devices take longer than the link; and one so thin that
 * this work is small against what has to come through it.
 */
const links = [
  { row: 'room behind a site', bitsPerSecond: 2e6 },
  { row: 'room behind a site, 100 kbit/s', bitsPerSecond: 1e5 },
] as const;

export type SiteRow = {
  readonly pair: string;
  readonly repository: string;
  /** Makes devices that have the first build and go to the second. */
  readonly updater: Updater;
};

/**
 * A room of devices behind a cold site, whose own line is thin: what comes through the line, and the time until the last
 * device has ended, against one device alone that asks the origin over the same line. One run, because it already is
 * thirty. What the same devices take without a line is in the row of the classroom.
 */
export async function roomBehindSite(context: Context, options: SiteRow): Promise<Result[]> {
  const { workspace, say } = context;
  const results: Result[] = [];
  for (const { row, bitsPerSecond } of links) {
    const thin = await openThinLink(workspace.freshDirectory('thin-link'), { ...link, bitsPerSecond });
    if (typeof thin === 'string') {
      say(thin);
      return results;
    }
    say(`${row}: made by ${thin.by}`);
    try {
      const origin = await satchel.serve(options.repository, thin.place);
      try {
        results.push(await oneDevice(context, options, row, thin, origin));
        results.push(await room(context, options, row, thin, origin));
      } finally {
        await origin.stop();
      }
    } finally {
      await thin.close();
    }
  }
  return results;
}

async function oneDevice(
  { say }: Context,
  { pair, updater }: SiteRow,
  row: string,
  thin: ThinLink,
  origin: Server,
): Promise<Result> {
  const device = await updater.install();
  await run({ program: 'sync', parameters: [] });
  const before = bytesReceivedBy(thin);
  const { wall, cpu, peak, written } = await device.update(origin.at);
  const bytes = bytesReceivedBy(thin) - before;
  say(`${row}: one device: ${wall.toFixed(2)} s, ${bytes} bytes through the line`);
  const samples = [{ wall, cpu, peak, written }];
  return { pair, row, who: 'satchel, one device', samples, wire: { bytes }, tree: device.check() };
}

async function room(
  context: Context,
  { pair, updater }: SiteRow,
  row: string,
  thin: ThinLink,
  origin: Server,
): Promise<Result> {
  const { clientNetwork } = thin.place;
  const repository = context.workspace.fresh('site');
  await satchel.joinSite(repository, origin.at);
  const devices = await Promise.all(Array.from({ length: devicesOfRoom }, () => updater.install()));
  const place = { ...loopback, ...(clientNetwork && { serverNetwork: clientNetwork, clientNetwork }) };
  await run({ program: 'sync', parameters: [] });
  const before = bytesReceivedBy(thin);
  const site = await satchel.serve(repository, place);
  try {
    const sample = await measureTogether(
      site,
      devices.map((device) => () => device.update(site.at)),
    );
    const bytes = bytesReceivedBy(thin) - before;
    context.say(
      `${row}: ${devicesOfRoom} devices: ${sample.wall.toFixed(2)} s, ${bytes} bytes through the line`,
    );
    return { pair, row, who: 'satchel', samples: [sample], wire: { bytes }, tree: checkAll(devices) };
  } finally {
    await site.stop();
  }
}

function checkAll(devices: readonly Updatable[]): string {
  return [...new Set(devices.map((device) => device.check()))].join('; ');
}
