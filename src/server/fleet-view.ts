import type { Fleet, FleetDevice } from '../fleet/fleet.ts';
import type { DeviceView, FleetView } from './page-devices.ts';

/** Devices that the page lists; a school has fewer, and an origin has better ways to ask. */
const mostListed = 200;

/**
 * The devices and sites of a place for its page. `heads` are the builds that streams name now: a device is up to date
 * when it runs the one of its stream.
 */
export async function fleetView(fleet: Fleet, heads: ReadonlyMap<string, string>): Promise<FleetView> {
  const [devices, sites, summary] = await Promise.all([
    fleet.devices({ limit: mostListed }),
    fleet.sites(),
    fleet.summary(),
  ]);
  const listed = devices.map((device) => viewOf(device, heads));
  return {
    devices: listed,
    more: Math.max(0, summary.devices - listed.length),
    current: listed.filter(({ state }) => state === 'current').length,
    sites: sites.map(({ name, lastSeen, devices }) => ({ name, seen: lastSeen, devices })),
  };
}

function viewOf(device: FleetDevice, heads: ReadonlyMap<string, string>): DeviceView {
  const { id, serial, running, stream, result, reported } = device;
  const shown = { name: serial ?? id.slice(0, 12), running, seen: reported };
  const next = stream === null ? undefined : heads.get(stream);
  if (running !== null && running === next) return { ...shown, state: 'current' };
  // It waits for its start anew, or for its next question.
  if (result?.result === 'failed') return { ...shown, state: 'failed' };
  if (running === null || next === undefined) return { ...shown, state: 'unknown' };
  return { ...shown, state: 'behind', next };
}
