import { enrolDevice } from '../../device/enrol.ts';
import { defineCommand } from '../command.ts';
import { withSession } from '../device-context.ts';
import { flag, required } from '../option-kinds.ts';
import { text } from '../options.ts';
import { root, source, timeout } from '../shared-options.ts';

/** `satchel device enrol`: show the key of this device to its source, so that it may ask for itself. */
export const deviceEnrolCommand = defineCommand({
  arguments: {},
  options: {
    root,
    source,
    timeout,
    token: required('option-enrol-token', 'TOKEN', text, { environment: 'SATCHEL_TOKEN' }),
    renew: flag('option-enrol-renew'),
  },
  run: (call) => {
    const { token, renew } = call.options;
    const { clock, signal } = call;
    return withSession(call, (session) => enrolDevice(session, { token, renew, clock, signal }));
  },
  show: ({ source: place, keyId }, words) => [
    words.say('result-device-enrolled', { source: place, key: keyId }),
  ],
});
