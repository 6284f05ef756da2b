/** Loaders that follow the links of the boot pointer; systemd-boot has entries of its own. */
export type MenuLoader = 'grub' | 'extlinux';

/** All of them, for whoever has to name them. */
export const menuLoaders: readonly MenuLoader[] = ['grub', 'extlinux'];

export type LoaderMenu = {
  readonly loader: MenuLoader;
  /** What the kernel mounts as its root: `LABEL=…`, `UUID=…` or a device. */
  readonly rootDevice: string;
  /** Where the links `boot` and `boot-alt` lie, when that is a partition of its own. */
  readonly bootPartition?: string | undefined;
  /** Words for the kernel beside the root. */
  readonly kernelOptions?: string | undefined;
};

/** Seconds in which a person can choose. */
const patience = 3;

/**
 * The menu of a loader: what the boot pointer names, and the version beside it. Kernel and initramfs are read through
 * the links, so that the menu never changes; a kernel that panics starts anew.
 */
export function loaderMenu(menu: LoaderMenu): string {
  return menu.loader === 'grub' ? grubMenu(menu) : extlinuxMenu(menu);
}

function kernelLine({ rootDevice, kernelOptions = 'rw' }: LoaderMenu): string {
  const panics = /(^| )panic=/.test(kernelOptions) ? '' : ' panic=10';
  return `root=${rootDevice} ${kernelOptions}${panics}`;
}

function grubMenu(menu: LoaderMenu): string {
  const search = searchLine(menu.bootPartition ?? menu.rootDevice);
  const entry = (title: string, id: string, lines: readonly string[]) =>
    [
      `menuentry '${title}' --id ${id} {`,
      ...[...(search === undefined ? [] : [search]), ...lines].map((line) => `  ${line}`),
      '}',
    ].join('\n');
  const from = (folder: string, word = '') => [
    `linux ${folder}/vmlinuz ${kernelLine(menu)}${word}`,
    `initrd ${folder}/initrd.img`,
  ];
  return `# Made by "satchel boot install": the loader follows the links of the boot pointer.
set default=satchel
# Where the links are damaged: any kernel will do, the initramfs finds a version and mends them.
set fallback="2"
set timeout=${patience}
${entry('Satchel', 'satchel', from('/boot'))}
${entry('Satchel: the other version', 'satchel-alternate', from('/boot-alt', ' altboot'))}
${entry('Satchel: whatever can be found', 'satchel-rescue', grubRescue(menu, from))}
`;
}

/** A kernel without the links: that of the version that ran last, or the last copy on the boot partition. */
function grubRescue(menu: LoaderMenu, from: (folder: string) => string[]): string[] {
  if (menu.bootPartition === undefined) return from('/versions/running/boot');
  return [
    'insmod regexp',
    'for folder in /boot-versions/*; do',
    '  if [ -f $folder/vmlinuz ]; then',
    '    set kernel=$folder',
    '  fi',
    'done',
    ...from('$kernel'),
  ];
}

/** How GRUB finds the partition by itself; undefined where its own root has to do. */
function searchLine(device: string): string | undefined {
  const found = /^(?:(LABEL|UUID)=|\/dev\/disk\/by-(label|uuid)\/)(.+)$/.exec(device);
  if (found === null) return undefined;
  const kind = (found[1] ?? found[2])?.toLowerCase() === 'label' ? '--label' : '--fs-uuid';
  return `search --no-floppy --set=root ${kind} ${found[3]}`;
}

function extlinuxMenu(menu: LoaderMenu): string {
  const entry = (label: string, title: string, folder: string, word: string) => `LABEL ${label}
  MENU LABEL ${title}
  LINUX ${folder}/vmlinuz
  INITRD ${folder}/initrd.img
  APPEND ${kernelLine(menu)}${word}
`;
  return `# Made by "satchel boot install": the loader follows the links of the boot pointer.
DEFAULT satchel
PROMPT 1
TIMEOUT ${patience * 10}
${entry('satchel', 'Satchel', '/boot', '')}${entry('alternate', 'Satchel: the other version', '/boot-alt', ' altboot')}`;
}
