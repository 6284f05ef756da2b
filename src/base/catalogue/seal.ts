import type { MessageSet } from '../message.ts';

/** Sentences about sealing files (`src/device/seal.ts`) and about repairing the version that runs. */
export const sealMessages = {
  'seal-unsupported': {
    exit: 4,
    en: {
      text: 'The file system of {path} cannot seal files: {reason}. Nothing was changed.',
      hint: 'On ext4 run, as root, "tune2fs -O verity DEVICE" ("findmnt -T {path}" shows the device) and start the device again. btrfs can since Linux 5.15, without setting anything. The kernel needs fs-verity (CONFIG_FS_VERITY).',
    },
    es: {
      text: 'El sistema de archivos de {path} no puede sellar archivos: {reason}. No se cambió nada.',
      hint: 'En ext4 ejecute, como root, «tune2fs -O verity DISPOSITIVO» («findmnt -T {path}» lo muestra) y arranque de nuevo el equipo. btrfs puede desde Linux 5.15, sin ajustar nada. El núcleo necesita fs-verity (CONFIG_FS_VERITY).',
    },
  },
  'seal-not-overlay': {
    exit: 4,
    en: {
      text: 'The versions of {root} run in the mode {mode}. Only files that lie below an overlay are sealed, because nobody can write to a sealed file. Nothing was changed.',
      hint: 'Run "satchel device set --run-mode overlay" and start the device again.',
    },
    es: {
      text: 'Las versiones de {root} corren en el modo {mode}. Solo se sellan archivos que están debajo de un overlay, porque en un archivo sellado nadie puede escribir. No se cambió nada.',
      hint: 'Ejecute «satchel device set --run-mode overlay» y arranque de nuevo el equipo.',
    },
  },
  'seal-boot-unknown': {
    exit: 4,
    en: {
      text: 'Nothing says that {root} runs its versions from an overlay, and an initramfs of the old kind would link their files into the tree that runs. Nobody could write to them there if they were sealed. Nothing was changed.',
      hint: 'Start the device with our initramfs ("satchel boot install"), or say it with "satchel device set --run-mode overlay".',
    },
    es: {
      text: 'Nada dice que {root} corra sus versiones desde un overlay, y un initramfs de los de antes enlazaría sus archivos en el árbol que corre. Sellados, nadie podría escribir en ellos. No se cambió nada.',
      hint: 'Arranque el equipo con nuestro initramfs («satchel boot install»), o dígalo con «satchel device set --run-mode overlay».',
    },
  },
  'seal-shared': {
    exit: 4,
    en: {
      text: 'The tree {path} shares files with {name} by hard links; sealed, nobody could write to them there. Nothing was changed.',
      hint: 'Start the device once in the mode overlay, then run "satchel purge" and seal again.',
    },
    es: {
      text: 'El árbol {path} comparte archivos con {name} por enlaces duros; sellados, nadie podría escribir en ellos allí. No se cambió nada.',
      hint: 'Arranque el equipo una vez en el modo overlay, ejecute «satchel purge» y selle de nuevo.',
    },
  },
  'seal-no-space': {
    exit: 4,
    en: {
      text: 'Sealing {name} takes {needed} on the disk, for {files} files; {free} are free. Nothing was changed.',
      hint: 'Make room, for example with "satchel purge", and seal again.',
    },
    es: {
      text: 'Sellar {name} ocupa {needed} del disco, por {files} archivos; hay {free} libres. No se cambió nada.',
      hint: 'Libere espacio, por ejemplo con «satchel purge», y selle de nuevo.',
    },
  },
  'seal-busy': {
    en: {
      text: '{count} files of {name} are not sealed because a program has them open for writing; the first is {path}.',
      hint: 'Nothing should write to an untouched tree. Find the program with "fuser" and seal again.',
    },
    es: {
      text: '{count} archivos de {name} no están sellados porque un programa los tiene abiertos para escribir; el primero es {path}.',
      hint: 'Nada debería escribir en un árbol intacto. Busque el programa con «fuser» y selle de nuevo.',
    },
  },
  'seal-missing': {
    en: {
      text: '{count} files of {name} are right but not sealed, although the version was sealed.',
      hint: 'Run "satchel verify --seal {name}" again.',
    },
    es: {
      text: '{count} archivos de {name} están bien pero sin sello, aunque la versión se selló.',
      hint: 'Ejecute otra vez «satchel verify --seal {name}».',
    },
  },
  'repair-not-sealed': {
    en: {
      text: 'What was repaired in {name} could not be sealed again: {reason}',
      hint: 'The version is whole. Run "satchel verify --seal {name}" when this is mended.',
    },
    es: {
      text: 'Lo reparado en {name} no se pudo sellar de nuevo: {reason}',
      hint: 'La versión está completa. Ejecute «satchel verify --seal {name}» cuando esto esté resuelto.',
    },
  },
  'update-not-sealed': {
    en: {
      text: '{name} could not be sealed: {reason}',
      hint: 'It is complete and starts all the same. Run "satchel verify --seal {name}" when this is mended, or "satchel device set --seal off".',
    },
    es: {
      text: 'No se pudo sellar {name}: {reason}',
      hint: 'Está completa y arranca igual. Ejecute «satchel verify --seal {name}» cuando esto esté resuelto, o «satchel device set --seal off».',
    },
  },
  'repair-held': {
    en: {
      text: '{name} is repaired for the next boot. The system that runs keeps using the tree from before, which is kept until then.',
      hint: 'Start the device again when it suits.',
    },
    es: {
      text: '{name} está reparada para el próximo arranque. El sistema que corre sigue usando el árbol de antes, que se conserva hasta entonces.',
      hint: 'Arranque de nuevo el equipo cuando convenga.',
    },
  },
} as const satisfies MessageSet;
