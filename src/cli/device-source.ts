import { SatchelError } from '../base/errors.ts';
import { anyPlace } from '../device/first-place.ts';
import type { OptionDefinition, Parser } from './command.ts';
import { sourceUrl } from './options.ts';

/** Where a device asks: the URL of a repository or a directory, or `auto` to look for one each time. */
export const deviceSource: Parser<string> = (given, label) =>
  given.trim() === anyPlace ? anyPlace : sourceUrl(given, label);

/** Addresses that are asked first; none at all for the word `none`, undefined where the option is absent. */
export function addressList(
  summary: OptionDefinition<unknown>['summary'],
): OptionDefinition<readonly string[] | undefined> {
  return {
    summary,
    placeholder: 'URL',
    read(given, label) {
      if (given.length === 0) return undefined;
      if (!given.includes('none')) return given.map((word) => sourceUrl(word, label));
      if (given.length > 1)
        throw new SatchelError('options-conflict', { first: `${label} none`, second: label });
      return [];
    },
  };
}
