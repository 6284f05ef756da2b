import { SatchelError } from '../../base/errors.ts';
import { installBoot } from '../../device/boot-install.ts';
import { initramfsGenerators } from '../../device/boot-install-files.ts';
import { menuLoaders } from '../../device/boot-loader-menu.ts';
import { bootPartition, sharedText } from '../boot-options.ts';
import { defineCommand } from '../command.ts';
import { flag, required, value } from '../option-kinds.ts';
import { localPath, oneOf } from '../options.ts';

/** `satchel boot install`: put into a system what starts its versions. */
export const bootInstallCommand = defineCommand({
  arguments: {},
  options: {
    tree: required('option-tree', 'DIR', localPath),
    with: value('option-with', initramfsGenerators.join('|'), oneOf(...initramfsGenerators)),
    filesOnly: flag('option-files-only'),
    loader: value('option-loader', menuLoaders.join('|'), oneOf(...menuLoaders)),
    rootDevice: value('option-root-device', 'DEVICE', sharedText),
    bootPartition,
    kernelOptions: value('option-loader-options', 'TEXT', sharedText),
    loaderFile: value('option-loader-file', 'FILE', localPath),
  },
  async run({ options, reporter, signal }) {
    const { tree, with: generator, filesOnly, loader, rootDevice, loaderFile: file } = options;
    const { bootPartition: partition, kernelOptions } = options;
    if (loader !== undefined && rootDevice === undefined)
      throw new SatchelError('option-needed', { option: '--root-device DEVICE' });
    const menu =
      loader === undefined || rootDevice === undefined
        ? undefined
        : { loader, rootDevice, bootPartition: partition, kernelOptions, file };
    return installBoot({ tree, generator, filesOnly, loader: menu, reporter, signal });
  },
  show: ({ tree, files, generator, kernels, loaderFile }, words) => [
    words.say('result-boot-installed', { tree, count: files.length, generator }),
    kernels.length > 0
      ? words.say('result-boot-made', { kernels: kernels.join(', ') })
      : words.say('result-boot-files-only', { generator }),
    ...(loaderFile === null ? [] : [words.say('result-boot-loader', { file: loaderFile })]),
  ],
});
