import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { becomeOwner } from '../activities/become-owner.ts';
import { type HomeLayout, homeLayout, ownerOf } from '../activities/home.ts';
import { type DeviceSettings, deviceSettings } from '../activities/home-session.ts';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import type { StreamName } from '../base/identifiers.ts';
import { value } from './option-kinds.ts';
import { localPath } from './options.ts';

/** `--home DIR`: whose bundles. */
export const home = value('option-home', 'DIR', localPath, { environment: 'SATCHEL_HOME' });

/** Where the laptops have always had the home of their user. */
const laptopHome = '/home/olpc';

/**
 * The home of a command: the one that was named, one's own, for root that of the laptop's user. From then on the process
 * is its owner. Throws `home-not-named`, `home-absent`, `home-of-another`.
 */
export function openHome(given: string | undefined): HomeLayout {
  const layout = homeLayout(given ?? usualHome());
  becomeOwner(ownerOf(layout), layout.home);
  return layout;
}

function usualHome(): string {
  if (process.geteuid?.() !== 0) return homedir();
  if (existsSync(laptopHome)) return laptopHome;
  throw new SatchelError('home-not-named', {});
}

/** The same for commands that ask the source of the device: root reads its settings and opens its account first. */
export function openHomeOf(
  options: {
    readonly home?: string | undefined;
    readonly root: string;
    readonly source?: string | undefined;
    readonly stream?: StreamName | undefined;
  },
  clock: Clock,
): { readonly layout: HomeLayout; readonly settings: DeviceSettings } {
  const settings = deviceSettings(options.root, options, clock);
  return { layout: openHome(options.home), settings };
}
