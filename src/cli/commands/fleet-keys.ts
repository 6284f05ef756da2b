import { defineCommand } from '../command.ts';
import { withFleet } from '../fleet-context.ts';
import { siteRepo } from '../shared-options.ts';

/** `satchel fleet keys`: the devices that may ask for themselves. */
export const fleetKeysCommand = defineCommand({
  arguments: {},
  options: { repo: siteRepo },
  run: (call) => withFleet(call, async (fleet) => ({ devices: await fleet.enrolment.devices() })),
  show: ({ devices }, words) =>
    devices.length === 0
      ? [words.say('result-enrol-keys-none')]
      : devices.map(({ keyId, serial, device, enrolled, lastSeen, isRevoked }) =>
          words.say('result-enrol-key', {
            ...{ name: serial ?? device, key: keyId, enrolled: enrolled.slice(0, 10) },
            seen: (lastSeen ?? '—').slice(0, 10),
            state: isRevoked ? words.say('result-enrol-key-revoked') : '',
          }),
        ),
});
