import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { isSatchelError } from '../base/errors.ts';
import { recordTime } from '../base/fields.ts';
import { programVersion } from '../base/version.ts';
import { diskSpace } from '../os/disk.ts';
import { openTimeFloor } from '../trust/floor.ts';
import { chooseStream, readConfiguration } from './configuration.ts';
import type { DeviceLayout } from './layout.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import type { DeviceEvent, DeviceReport, ReportedResult } from './report.ts';
import { modelOf, nextMaker, readMaker, writeMaker } from './report-maker.ts';
import { addToQueue, isAnyQueued } from './report-queue.ts';
import { runningVersion } from './running-version.ts';

/** Milliseconds after the last report when a device says again what it runs. */
const statePause = 86_400_000;

/** The device, and what time it is. */
type Reporting = { readonly layout: DeviceLayout; readonly clock: Clock };

/** What happened. */
export type Happened = { readonly event: DeviceEvent; readonly result?: ReportedResult | undefined };

/**
 * Writes down what happened, to be told when there is somebody to tell. Does nothing on a device that follows no
 * source or whose operator does not want it. It never throws what goes wrong: a report is not worth a failed update.
 */
export function noteReport(reporting: Reporting, happened: Happened): void {
  try {
    if (wantsReports(reporting.layout)) makeReport(reporting, happened);
  } catch (error) {
    if (!isSatchelError(error)) throw error;
  }
}

/** Whether this device tells anybody anything. */
export function wantsReports(layout: DeviceLayout): boolean {
  const configuration = readConfiguration(layout);
  return configuration?.source !== undefined && configuration.reports !== false;
}

/** Whether there is anything to tell, from a few small files: reports that wait, or a day of silence. */
export function isReportDue(reporting: Reporting): boolean {
  try {
    if (!wantsReports(reporting.layout)) return false;
    return isStateDue(reporting) || isAnyQueued(reporting.layout);
  } catch (error) {
    if (isSatchelError(error)) return false;
    throw error;
  }
}

/** Writes down what the device runs if it has said nothing for a day. */
export function noteStateIfDue(reporting: Reporting): void {
  if (isStateDue(reporting)) noteReport(reporting, { event: 'state' });
}

/** Whichever way the clock was set, a day of difference is one. */
function isStateDue(reporting: Reporting): boolean {
  const { last } = readMaker(reporting.layout) ?? {};
  return last === undefined || Math.abs(timeOf(reporting) - last) >= statePause;
}

/** Makes a report and queues it. Throws what the disk says. */
export function makeReport(reporting: Reporting, { event, result }: Happened): DeviceReport {
  const { layout } = reporting;
  const now = timeOf(reporting);
  const maker = nextMaker(layout, now);
  const model = modelOf(layout);
  const { current, alternate } = openBootPointer(layout).read();
  const stream = streamOf(layout);
  const report: DeviceReport = {
    id: randomBytes(16).toString('hex'),
    device: maker.device,
    ...(maker.serial === undefined ? {} : { serial: maker.serial }),
    ...(model === undefined ? {} : { model }),
    made: recordTime(now),
    sequence: maker.sequence,
    event,
    // Where no initramfs of ours tells what was booted, it is what the pointer says.
    running: runningVersion(layout) ?? current ?? null,
    previous: alternate ?? null,
    ...(stream === undefined ? {} : { stream }),
    ...(result === undefined ? {} : { result }),
    disk: diskSpace(layout.versions),
    client: programVersion,
  };
  // First the number, so that no two reports ever have the same.
  writeMaker(layout, maker);
  addToQueue(layout, report);
  return report;
}

/** The clock of a device may stand in 1970: what was signed for it since is a better guess. */
function timeOf({ layout, clock }: Reporting): number {
  return openTimeFloor(join(layout.trust, 'floor'), clock).now();
}

function streamOf(layout: DeviceLayout): string | undefined {
  try {
    return chooseStream(layout, undefined, readConfiguration(layout)).stream;
  } catch (error) {
    if (isSatchelError(error, 'update-stream-wrong')) return undefined;
    throw error;
  }
}
