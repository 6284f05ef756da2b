import type { MessageSet } from '../message.ts';

/** Sentences about how a device boots: `src/device/boot-*.ts`. */
export const bootMessages = {
  'boot-setting-wrong': {
    exit: 1,
    en: {
      text: '{path} says {key}={value}, which is not understood.',
      hint: 'Set it again with "satchel device set" (--boot, --run-mode, --boot-tries, --soak), or mend the line. Nothing was changed.',
    },
    es: {
      text: '{path} dice {key}={value}, y eso no se entiende.',
      hint: 'Defínalo de nuevo con «satchel device set» (--boot, --run-mode, --boot-tries, --soak), o corrija la línea. No se cambió nada.',
    },
  },
  'shared-value-not-allowed': {
    exit: 2,
    en: {
      text: 'The value "{value}" of {key} has characters that may not stand in a file which the initramfs reads.',
      hint: 'Allowed are letters, digits, spaces and the characters . _ / : , = + @ -',
    },
    es: {
      text: 'El valor «{value}» de {key} tiene caracteres que no pueden estar en un archivo que lee el initramfs.',
      hint: 'Se permiten letras, dígitos, espacios y los caracteres . _ / : , = + @ -',
    },
  },
  'boot-partition-missing': {
    exit: 1,
    en: {
      text: 'The boot partition is not there: nothing is mounted on {path}, and nothing lies in it.',
      hint: 'Mount it there and run the same command again. Nothing was changed.',
    },
    es: {
      text: 'Falta la partición de arranque: en {path} no hay nada montado ni guardado.',
      hint: 'Móntela allí y repita la orden. No se cambió nada.',
    },
  },
  'boot-partition-full': {
    exit: 4,
    en: {
      text: 'Kernel and initramfs of {build} need {needed} on the boot partition {path}; {free} are free.',
      hint: 'Remove there what is not needed (never boot, boot-versions or EFI/satchel), or let the old version go first with "satchel purge". The device boots what it booted before.',
    },
    es: {
      text: 'El kernel y el initramfs de {build} necesitan {needed} en la partición de arranque {path}; hay {free} libres.',
      hint: 'Elimine allí lo que no haga falta (nunca boot, boot-versions ni EFI/satchel), o elimine antes la versión anterior con «satchel purge». El equipo arranca lo mismo que antes.',
    },
  },
  'boot-files-missing': {
    exit: 1,
    en: {
      text: 'The version {build} cannot be started: there is no {path}.',
      hint: 'A version brings its own kernel and initramfs in its folder boot. Have it built again with them, or repair it with "satchel repair". The device boots what it booted before.',
    },
    es: {
      text: 'La versión {build} no puede arrancar: no existe {path}.',
      hint: 'Cada versión trae su kernel y su initramfs en su carpeta boot. Pida que se construya de nuevo con ellos, o repárela con «satchel repair». El equipo arranca lo mismo que antes.',
    },
  },
  'boot-copy-wrong': {
    exit: 1,
    en: {
      text: '{path} was written, but reading it again gives something else: the boot partition loses what it is given.',
      hint: 'Check its file system, or replace the disk or card. The device boots what it booted before.',
    },
    es: {
      text: 'Se escribió {path}, pero al leerlo de nuevo sale otra cosa: la partición de arranque pierde lo que se le da.',
      hint: 'Revise su sistema de archivos, o cambie el disco o la tarjeta. El equipo arranca lo mismo que antes.',
    },
  },
  'boot-options-missing': {
    exit: 1,
    en: {
      text: 'Nobody has said with which options the kernel is to be started, so it would not find its root.',
      hint: 'Set them once: satchel device set --kernel-options "root=LABEL=… rw". Nothing was changed.',
    },
    es: {
      text: 'Nadie ha dicho con qué opciones debe arrancar el kernel; no encontraría su raíz.',
      hint: 'Defínalas una vez: satchel device set --kernel-options "root=LABEL=… rw". No se cambió nada.',
    },
  },
  'boot-link-taken': {
    exit: 1,
    en: {
      text: '{path} is already something else than a link to {target}.',
      hint: 'These links belong on the real root of the device, which a running version does not see: make them where the image is built. Nothing was changed.',
    },
    es: {
      text: '{path} ya es otra cosa que un enlace a {target}.',
      hint: 'Esos enlaces van en la raíz real del equipo, que una versión en marcha no ve: créelos donde se construye la imagen. No se cambió nada.',
    },
  },
  'boot-tries-too-many': {
    exit: 2,
    en: {
      text: '{option} {value} is too many: a device that does not start must come back.',
      hint: 'Give a number from 1 to {most}.',
    },
    es: {
      text: '{option} {value} es demasiado: un equipo que no arranca debe volver atrás.',
      hint: 'Indique un número de 1 a {most}.',
    },
  },
  'soak-too-long': {
    exit: 2,
    en: {
      text: '{option} {value} is longer than a year.',
      hint: 'Give a shorter time, such as 7d; 0 keeps a version as soon as its checks have passed.',
    },
    es: {
      text: '{option} {value} es más de un año.',
      hint: 'Indique un tiempo más corto, como 7d; con 0 la versión se conserva en cuanto pasa sus comprobaciones.',
    },
  },
  'boot-tree-wrong': {
    exit: 1,
    en: {
      text: '{tree} is not the tree of a system: {path} is no directory there.',
      hint: 'Give the directory that holds etc, usr and boot of the system.',
    },
    es: {
      text: '{tree} no es el árbol de un sistema: {path} no es un directorio allí.',
      hint: 'Indique el directorio que contiene etc, usr y boot del sistema.',
    },
  },
  'boot-generator-unknown': {
    exit: 1,
    en: {
      text: 'The system in {tree} has neither initramfs-tools nor dracut. Nothing was changed.',
      hint: 'Install one of the two in it, or name the one that will make its initramfs with --with, and add --files-only.',
    },
    es: {
      text: 'El sistema de {tree} no tiene ni initramfs-tools ni dracut. No se cambió nada.',
      hint: 'Instale uno de los dos en él, o indique con --with el que hará su initramfs, y añada --files-only.',
    },
  },
  'boot-generator-missing': {
    exit: 1,
    en: {
      text: 'The system in {tree} has no {generator}. Nothing was changed.',
      hint: 'Install it in the system, or add --files-only and make the initramfs later.',
    },
    es: {
      text: 'El sistema de {tree} no tiene {generator}. No se cambió nada.',
      hint: 'Instálelo en el sistema, o añada --files-only y haga el initramfs más tarde.',
    },
  },
  'boot-generator-failed': {
    exit: 1,
    en: {
      text: '{generator} could not make the initramfs of {kernel}: {reason}',
      hint: 'The files are in their places. Mend what it says and run the same command again, before the build is published.',
    },
    es: {
      text: '{generator} no pudo hacer el initramfs de {kernel}: {reason}',
      hint: 'Los archivos están en su lugar. Corrija lo que dice y repita la orden antes de publicar la versión.',
    },
  },
  'boot-kernel-missing': {
    exit: 1,
    en: {
      text: 'The system in {tree} has no kernel with modules: there is no boot/vmlinuz-VERSION for a lib/modules/VERSION. Nothing was changed.',
      hint: 'Install its kernel first, or add --files-only and make the initramfs later.',
    },
    es: {
      text: 'El sistema de {tree} no tiene un kernel con módulos: ningún lib/modules/VERSIÓN tiene su boot/vmlinuz-VERSIÓN. No se cambió nada.',
      hint: 'Instale antes su kernel, o añada --files-only y haga el initramfs más tarde.',
    },
  },
  'boot-program-missing': {
    en: {
      text: 'The system has no {path}, which its services call.',
      hint: 'Put the program there (made by "npm run bundle") before the build is published.',
    },
    es: {
      text: 'El sistema no tiene {path}, que sus servicios llaman.',
      hint: 'Ponga allí el programa (lo hace «npm run bundle») antes de publicar la versión.',
    },
  },
} as const satisfies MessageSet;
