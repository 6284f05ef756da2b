import { SatchelError } from '../../base/errors.ts';
import { formatBytes } from '../../base/units.ts';
import { chooseStream } from '../../device/configuration.ts';
import { configureDevice } from '../../device/configure.ts';
import { deviceLayout } from '../../device/layout.ts';
import { defineCommand } from '../command.ts';
import { value } from '../option-kinds.ts';
import { sizeOrNone, sourceUrl } from '../options.ts';
import { root, stream } from '../shared-options.ts';

/** `satchel device set`: change what a device follows and how much it may receive. */
export const deviceSetCommand = defineCommand({
  arguments: {},
  options: {
    root,
    source: value('option-source-set', 'URL', sourceUrl),
    stream: value('option-stream-set', 'STREAM', stream),
    monthlyBytes: value('option-monthly-bytes', 'SIZE|none', sizeOrNone),
  },
  async run({ options }) {
    const { source, stream, monthlyBytes } = options;
    if (source === undefined && stream === undefined && monthlyBytes === undefined)
      throw new SatchelError('one-option-needed', { options: '--source, --stream, --monthly-bytes' });
    const after = configureDevice(options.root, { source, stream, monthlyBytes });
    return {
      root: options.root,
      source: after.source ?? null,
      stream: chooseStream(deviceLayout(options.root), undefined, after).stream,
      monthlyBytes: after.monthlyBytes ?? null,
    };
  },
  show: ({ root, source, stream, monthlyBytes }, words) => [
    words.say('result-device-set', { root, source: source ?? '—', stream }),
    monthlyBytes === null
      ? words.say('result-device-set-no-budget')
      : words.say('result-device-set-budget', { budget: formatBytes(monthlyBytes) }),
  ],
});
