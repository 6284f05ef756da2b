import { advisedRepository } from '../advice/oats-streams.ts';
import type { Clock } from '../base/clock.ts';
import type { LeaseOffice } from '../lease/office.ts';
import { type DeviceApi, deviceApi } from '../server/device-api.ts';
import { logOnce } from '../server/log-once.ts';
import { openLog } from '../server/logger.ts';
import type { ServedPlace } from './served-place.ts';

/** What answering devices with keys of their own needs. */
export type StartDeviceApiOptions = {
  readonly place: Pick<ServedPlace, 'store' | 'openFleet' | 'enrolmentAbove' | 'freshInBackground'>;
  readonly office: Pick<LeaseOffice, 'leaseFor' | 'isStolen'>;
  /** The time of the place, never before what was signed. */
  readonly clock: Clock;
};

/** Who answers devices with keys of their own at a place; what it cannot read is told on standard error. */
export function startDeviceApi({ place, office, clock }: StartDeviceApiOptions): DeviceApi {
  const { log } = openLog({});
  const onFailure = logOnce(log);
  const advised = advisedRepository(place.store, onFailure);
  return deviceApi({
    ...{ office, clock, onFailure },
    fleet: place.openFleet,
    repository() {
      // A device without a serial number asks for no lease, and is the only one to ask for news.
      place.freshInBackground?.();
      return advised();
    },
    above: place.enrolmentAbove,
  });
}
