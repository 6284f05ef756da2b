import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** What the commands about booting say in the help and as results. */
export const bootCommandsMessages = {
  'help-boot-install': words(
    'put into a system what starts its versions: hooks for its initramfs, services, checks',
    'pone en un sistema lo que arranca sus versiones: ganchos de su initramfs, servicios, comprobaciones',
  ),
  'option-boot': words(
    'how the device is told what to boot: links on one partition, links on a boot partition, or entries for systemd-boot',
    'cómo se indica al equipo qué arrancar: enlaces en una partición, enlaces en una partición de arranque, o entradas para systemd-boot',
  ),
  'option-boot-partition': words(
    'the device of the boot partition, such as /dev/disk/by-label/Boot; the running system has it at /bootpart',
    'el dispositivo de la partición de arranque, como /dev/disk/by-label/Boot; el sistema en marcha la tiene en /bootpart',
  ),
  'option-boot-links': words(
    'make the links boot and boot-alt on the real root, for loaders that read kernels through them',
    'crea los enlaces boot y boot-alt en la raíz real, para cargadores que leen los kernels a través de ellos',
  ),
  'option-run-mode': words(
    'how the running tree of a version is made',
    'cómo se hace el árbol en marcha de una versión',
  ),
  'option-boot-tries': words(
    'boots that a new version may make before the device goes back',
    'arranques que puede hacer una versión nueva antes de que el equipo vuelva atrás',
  ),
  'option-soak': words(
    'how long a version that passed its checks is lived with before the old one goes: 0, 12h, 7d',
    'cuánto se convive con una versión ya comprobada antes de eliminar la anterior: 0, 12h, 7d',
  ),
  'option-kernel-options': words(
    'words for the kernel of every version in entries for systemd-boot, such as "root=LABEL=Root rw"',
    'palabras para el kernel de cada versión en las entradas para systemd-boot, como «root=LABEL=Root rw»',
  ),
  'option-tree': words(
    'the system, as a directory: the tree of a build before it is published',
    'el sistema, como directorio: el árbol de una versión antes de publicarla',
  ),
  'option-with': words(
    'what makes the initramfs; else what the system has',
    'qué hace el initramfs; si no, lo que tenga el sistema',
  ),
  'option-files-only': words(
    'do not make the initramfs now; whoever builds the system does',
    'no hace el initramfs ahora; lo hace quien construye el sistema',
  ),
  'option-loader': words(
    'write the two menu entries of a loader that follows the links: the version, and the one before',
    'escribe las dos entradas de menú de un cargador que sigue los enlaces: la versión y la anterior',
  ),
  'option-loader-file': words(
    'where these entries go, instead of etc/satchel/loader in the system',
    'dónde van esas entradas, en vez de etc/satchel/loader en el sistema',
  ),
  'option-loader-options': words(
    'words for the kernel in these entries beside the root',
    'palabras para el kernel en esas entradas además de la raíz',
  ),
  'option-root-device': words(
    'what the kernel is to mount as its root: LABEL=…, UUID=… or a device',
    'qué debe montar el kernel como raíz: LABEL=…, UUID=… o un dispositivo',
  ),
  'result-boot-set': words(
    'Boots by {kind}; running tree: {mode}; boots of a trial: {tries}; lived with for {soak} s before it is kept.',
    'Arranca por {kind}; árbol en marcha: {mode}; arranques de prueba: {tries}; convivencia antes de conservarla: {soak} s.',
  ),
  'result-boot-partition': words(
    'Boot partition: {partition}, at /bootpart.',
    'Partición de arranque: {partition}, en /bootpart.',
  ),
  'result-boot-installed': words(
    'Put into {tree}: {count} files and links for {generator}.',
    'Puesto en {tree}: {count} archivos y enlaces para {generator}.',
  ),
  'result-boot-made': words(
    'The initramfs of {kernels} was made anew.',
    'Se rehízo el initramfs de {kernels}.',
  ),
  'result-boot-files-only': words(
    'The initramfs was not made: let {generator} make it before the build is published.',
    'No se hizo el initramfs: hágalo con {generator} antes de publicar la versión.',
  ),
  'result-boot-loader': words(
    'Menu entries for the loader: {file}',
    'Entradas de menú para el cargador: {file}',
  ),
} as const satisfies MessageSet;
