import { decide } from '../advice/decide.ts';
import type { AskingDevice, Decision, DecisionTimes } from '../advice/decision.ts';
import { programVersion } from '../base/version.ts';
import type { StreamRecord } from '../repository/records.ts';
import { readInstalled } from './installed.ts';
import type { DeviceLayout } from './layout.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import { modelOf, readMaker, serialOf } from './report-maker.ts';
import { runningVersion } from './running-version.ts';

/** This device as a decision about it sees it: what it tells in reports, so that the origin comes to the same. */
export function askingDevice(layout: DeviceLayout): AskingDevice {
  const maker = readMaker(layout);
  const model = modelOf(layout);
  // Where no initramfs of ours tells what was booted, it is what the pointer says.
  const build = runningVersion(layout) ?? openBootPointer(layout).read().current;
  const sequence = build === undefined ? undefined : readInstalled(layout, build)?.sequence;
  return {
    identity: serialOf(layout) ?? maker?.serial ?? maker?.device,
    ...(model === undefined ? {} : { model }),
    ...(build === undefined ? {} : { running: { build, ...(sequence === undefined ? {} : { sequence }) } }),
    client: programVersion,
  };
}

/** What a stream gives this device. One that boots the head next has nothing to do, whatever it runs until then. */
export function decideHere(
  layout: DeviceLayout,
  record: StreamRecord,
  times: DecisionTimes,
): { readonly device: AskingDevice; readonly decision: Decision } {
  const device = askingDevice(layout);
  const isNext = openBootPointer(layout).read().current === record.build.name;
  if (isNext) return { device, decision: { decision: 'stay', because: 'current' } };
  return { device, decision: decide(record, device, times) };
}
