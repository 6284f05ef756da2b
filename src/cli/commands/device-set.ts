import { SatchelError } from '../../base/errors.ts';
import { formatBytes } from '../../base/units.ts';
import { changesBoot, configureBoot, requireBootChange } from '../../device/boot-configure.ts';
import { readBootSettings } from '../../device/boot-settings.ts';
import { chooseStream } from '../../device/configuration.ts';
import { configureDevice } from '../../device/configure.ts';
import { deviceLayout } from '../../device/layout.ts';
import { bootChangeOf, bootLines, bootOptions, bootResult } from '../boot-options.ts';
import { defineCommand } from '../command.ts';
import { addressList, deviceSource } from '../device-source.ts';
import { value } from '../option-kinds.ts';
import { oneOf, sizeOrNone } from '../options.ts';
import { root, stream } from '../shared-options.ts';

/** `satchel device set`: change what a device follows and how much it may receive. */
export const deviceSetCommand = defineCommand({
  arguments: {},
  options: {
    root,
    source: value('option-source-set', 'URL|auto', deviceSource),
    address: addressList('option-addresses-set'),
    stream: value('option-stream-set', 'STREAM', stream),
    monthlyBytes: value('option-monthly-bytes', 'SIZE|none', sizeOrNone),
    reports: value('option-reports', 'on|off', oneOf('on', 'off')),
    seal: value('option-seal-new', 'on|off', oneOf('on', 'off')),
    ...bootOptions,
  },
  async run({ options }) {
    const { source, address: addresses, stream, monthlyBytes, reports, seal } = options;
    const boot = bootChangeOf(options);
    const all = [source, addresses, stream, monthlyBytes, reports, seal];
    const changes = all.some((given) => given !== undefined);
    if (!changes && !changesBoot(boot))
      throw new SatchelError('one-option-needed', {
        options:
          '--source, --address, --stream, --monthly-bytes, --reports, --seal, --boot, --run-mode, --soak, …',
      });
    if (changesBoot(boot)) requireBootChange(options.root, boot);
    const after = configureDevice(options.root, {
      ...{ source, addresses, stream, monthlyBytes },
      reports: reports === undefined ? undefined : reports === 'on',
      seal: seal === undefined ? undefined : seal === 'on',
    });
    if (changesBoot(boot)) configureBoot(options.root, boot);
    return {
      root: options.root,
      source: after.source ?? null,
      addresses: after.addresses ?? [],
      stream: chooseStream(deviceLayout(options.root), undefined, after).stream,
      monthlyBytes: after.monthlyBytes ?? null,
      reports: after.reports ?? true,
      seal: after.seal ?? false,
      boot: bootResult(readBootSettings(deviceLayout(options.root))),
    };
  },
  show: ({ root, source, addresses, stream, monthlyBytes, reports, seal, boot }, words) => [
    words.say('result-device-set', { root, source: source ?? '—', stream }),
    ...(addresses.length > 0
      ? [words.say('result-device-addresses', { addresses: addresses.join(', ') })]
      : []),
    monthlyBytes === null
      ? words.say('result-device-set-no-budget')
      : words.say('result-device-set-budget', { budget: formatBytes(monthlyBytes) }),
    ...bootLines(boot, words),
    ...(reports ? [] : [words.say('result-device-set-reports-off')]),
    ...(seal ? [words.say('result-device-set-seal')] : []),
  ],
});
