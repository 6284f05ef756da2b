import { readOfficeSettings, trustedBy } from '../../lease/office-settings.ts';
import { openLeaseStore } from '../../lease/store.ts';
import { signatureCheck } from '../../lease/take-check.ts';
import { defineCommand } from '../command.ts';
import { requireLeaseDirectory } from '../lease-place.ts';
import { requireSome } from '../lease-values.ts';
import { restArguments } from '../option-kinds.ts';
import { localPath } from '../options.ts';
import { siteRepo } from '../shared-options.ts';

/** `satchel lease take`: what a place is to hand out, and the laptops that it is to make leases for. */
export const leaseTakeCommand = defineCommand({
  arguments: { files: restArguments('argument-lease-files', 'FILE', localPath) },
  options: { repo: siteRepo },
  async run({ arguments: { files }, options: { repo }, signal }) {
    requireSome(files, 'FILE…');
    const directory = requireLeaseDirectory(repo);
    const store = openLeaseStore(directory);
    try {
      const isRight = signatureCheck(store, trustedBy(readOfficeSettings(directory)));
      return await store.take(files, { isRight, signal });
    } finally {
      await store.close();
    }
  },
  show: ({ others, wrong, ...taken }, words) => [
    words.say('result-lease-taken', taken),
    ...(others === 0 ? [] : [words.say('result-lease-taken-others', { count: others })]),
    ...(wrong === 0 ? [] : [words.say('result-lease-taken-wrong', { count: wrong })]),
  ],
  exitCode: ({ wrong }) => (wrong === 0 ? 0 : 1),
});
