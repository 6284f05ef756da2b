import { SatchelError } from '../../base/errors.ts';
import { siteLayout } from '../../site/layout.ts';
import { openSiteCatalog } from '../../site/mirror-catalog.ts';
import { pinBuild, readPins, unpinBuild } from '../../site/pin.ts';
import { readSiteSettings } from '../../site/settings.ts';
import { defineCommand } from '../command.ts';
import { flag, optionalArgument } from '../option-kinds.ts';
import { build, siteRepo } from '../shared-options.ts';

/** `satchel pin`: builds that are never removed to make room; without a build it lists them. */
export const pinCommand = defineCommand({
  arguments: { build: optionalArgument('argument-pin', 'BUILD', build) },
  options: { repo: siteRepo, remove: flag('option-pin-remove'), list: flag('option-pin-list') },
  async run({ options, arguments: { build }, signal }) {
    const layout = siteLayout(options.repo);
    readSiteSettings(layout);
    if (build === undefined && options.remove)
      throw new SatchelError('argument-needed', { argument: 'BUILD' });
    if (build !== undefined && options.remove) {
      const isKept = () => readPins(layout).some((pin) => pin.build === build);
      // What is sticky as on the old servers is named with what keeps it.
      if (!unpinBuild(layout, build) && !isKept()) throw new SatchelError('pin-absent', { build });
    }
    if (build !== undefined && !options.remove && !options.list) {
      const catalog = await openSiteCatalog(layout, { signal });
      if (!catalog.hasBuild(build))
        throw new SatchelError('build-not-found', { name: build, location: layout.repository });
      pinBuild(layout, build);
    }
    return { pins: readPins(layout) };
  },
  show: ({ pins }, words) =>
    pins.length === 0
      ? [words.say('result-pin-none')]
      : pins.map(({ build, pinned, sticky }) =>
          pinned || sticky.length === 0
            ? words.say('result-pin', { build })
            : words.say('result-pin-sticky', { build, path: sticky.join(', ') }),
        ),
});
