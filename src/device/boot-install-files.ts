import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withSystemErrors } from '../os/system-error.ts';

/** What makes the initramfs of a system. */
export type InitramfsGenerator = 'dracut' | 'initramfs-tools';

/** All of them, for whoever has to name them. */
export const initramfsGenerators: readonly InitramfsGenerator[] = ['dracut', 'initramfs-tools'];

/** One file for a system. */
export type InstallFile = {
  readonly from: string;
  /** Path in the system, without a slash before it. */
  readonly to: string;
  readonly mode: number;
  /** True for what operators change: what stands there already stays. */
  readonly isSetting: boolean;
};

/** One link for a system. */
export type InstallLink = { readonly to: string; readonly target: string };

/** Services that belong to booting; the others are for whoever sets up an agent or a site. */
const bootUnit = /^satchel-(boot|local)[a-z-]*\.(service|timer)$/;

const unitFolder = 'usr/lib/systemd/system';

/** Where the shell files lie: beside the bundled program, or in the checkout. */
function sourceFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return existsSync(join(here, 'initramfs/satchel-boot')) ? here : join(here, '../..');
}

/** Every file that a system needs to start its versions; services only where there is systemd. */
export function filesToInstall(generator: InitramfsGenerator, hasSystemd: boolean): InstallFile[] {
  const hooks = generator === 'dracut' ? 'usr/lib/dracut/modules.d' : 'usr/share/initramfs-tools';
  return [
    ...filesIn('initramfs', 'usr/lib/satchel', { only: /^satchel-boot/ }),
    ...filesIn(`initramfs/${generator}`, hooks),
    ...filesIn('packaging/boot', 'usr/lib/satchel'),
    ...filesIn('packaging/check', 'etc/satchel/check', { isSetting: true }),
    ...filesIn('packaging/persist.d', 'etc/satchel/persist.d', { isSetting: true }),
    ...(hasSystemd ? filesIn('packaging/systemd', unitFolder, { only: bootUnit }) : []),
  ];
}

/**
 * systemd's own service would mark every boot good that comes to its end, before our checks have passed; what is on
 * trial is marked by us.
 */
const otherBlessing = { to: 'etc/systemd/system/systemd-bless-boot.service', target: '/dev/null' };

/** The links by which the services of {@link filesToInstall} start, as `systemctl enable` makes them. */
export function linksToInstall(files: readonly InstallFile[], hasSystemd: boolean): InstallLink[] {
  const enabled = files
    .filter(({ to }) => to.startsWith(`${unitFolder}/`))
    .flatMap(({ from, to }) =>
      wantedBy(readFileSync(from, 'utf8')).map((wanted) => ({
        to: `etc/systemd/system/${wanted}/${to.slice(unitFolder.length + 1)}`,
        target: `/${to}`,
      })),
    );
  return hasSystemd ? [...enabled, otherBlessing] : enabled;
}

function wantedBy(unit: string): string[] {
  return [...unit.matchAll(/^(WantedBy|RequiredBy)=(.*)$/gm)].flatMap(([, key, targets = '']) =>
    targets
      .split(' ')
      .filter(Boolean)
      .map((target) => `${target}.${key === 'WantedBy' ? 'wants' : 'requires'}`),
  );
}

function filesIn(
  folder: string,
  to: string,
  { only = /(?:)/, isSetting = false }: { readonly only?: RegExp; readonly isSetting?: boolean } = {},
): InstallFile[] {
  const top = join(sourceFolder(), folder);
  const names = withSystemErrors('readdir', top, () =>
    readdirSync(top, { recursive: true, encoding: 'utf8' }),
  );
  return names
    .sort()
    .map((name) => ({ name, from: join(top, name) }))
    .filter(({ name, from }) => only.test(name) && statSync(from).isFile())
    .map(({ name, from }) => ({
      from,
      to: `${to}/${name}`,
      mode: (statSync(from).mode & 0o111) === 0 ? 0o644 : 0o755,
      isSetting,
    }));
}
