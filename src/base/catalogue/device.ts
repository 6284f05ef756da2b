import type { MessageSet } from '../message.ts';

/** Sentences of `src/device/`. */
export const deviceMessages = {
  'device-file-newer': {
    exit: 1,
    en: {
      text: '{path} has format {format}; this program knows formats up to {newest}.',
      hint: 'It was written by a newer Satchel. Use that one; nothing was changed.',
    },
    es: {
      text: '{path} tiene el formato {format}; este programa conoce hasta el {newest}.',
      hint: 'Lo escribió un Satchel más nuevo. Use ese; no se cambió nada.',
    },
  },
  'device-file-damaged': {
    exit: 1,
    en: {
      text: '{path} cannot be understood; it may have been damaged or edited.',
      hint: 'Restore it from a copy, or remove it and set the device up again with "satchel device init".',
    },
    es: {
      text: 'No se entiende {path}; puede estar dañado o haber sido editado.',
      hint: 'Recupérelo de una copia, o elimínelo y prepare de nuevo el equipo con «satchel device init».',
    },
  },
  'large-file-wrong': {
    exit: 1,
    en: {
      text: 'The parts of "{path}" make a file with the hash {found}, but {wanted} was signed.',
      hint: 'The repository contradicts itself; nothing was changed. Tell its keeper, and stay with the build that runs.',
    },
    es: {
      text: 'Las partes de «{path}» forman un archivo con el hash {found}, pero se firmó {wanted}.',
      hint: 'El repositorio se contradice; no se cambió nada. Avise a su encargado y siga con la versión actual.',
    },
  },
  'device-folder-outside': {
    exit: 1,
    en: {
      text: '{path} leads to {target}, outside of the device {root}.',
      hint: 'Nothing was changed. Replace the link by a folder, or mount the other place there.',
    },
    es: {
      text: '{path} lleva a {target}, fuera del equipo {root}.',
      hint: 'No se cambió nada. Reemplace el enlace por una carpeta, o monte allí el otro lugar.',
    },
  },
  'update-stream-wrong': {
    exit: 1,
    en: {
      text: 'The first line of {path} is not the name of a stream: "{found}".',
      hint: 'Write one name into it, for example stable or none, or remove the file.',
    },
    es: {
      text: 'La primera línea de {path} no es el nombre de un canal: «{found}».',
      hint: 'Escriba en él un nombre, por ejemplo stable o none, o elimine el archivo.',
    },
  },
  'boot-pointer-wrong': {
    exit: 1,
    en: {
      text: '{path} is not a link that this device could boot from; it points to "{target}".',
      hint: 'Nothing was changed. versions/boot must point to configs/NAME; current and alt there to /versions/pristine/BUILD; versions/running to pristine/BUILD.',
    },
    es: {
      text: '{path} no es un enlace desde el que este equipo pueda arrancar; apunta a «{target}».',
      hint: 'No se cambió nada. versions/boot debe apuntar a configs/NOMBRE; current y alt allí a /versions/pristine/VERSIÓN; versions/running a pristine/VERSIÓN.',
    },
  },
  'version-not-on-disk': {
    exit: 3,
    en: {
      text: 'The version {name} is not on this device: there is no {path}.',
      hint: '"satchel status" lists the versions that are.',
    },
    es: {
      text: 'La versión {name} no está en este equipo: no existe {path}.',
      hint: '«satchel status» muestra las versiones que sí están.',
    },
  },
  'version-not-installed': {
    exit: 3,
    en: {
      text: 'The version {name} is not completely installed on this device, or not by Satchel.',
      hint: '"satchel status" lists what is; "satchel update {name}" installs it.',
    },
    es: {
      text: 'La versión {name} no está completamente instalada en este equipo, o no por Satchel.',
      hint: '«satchel status» muestra lo instalado; «satchel update {name}» la instala.',
    },
  },
  'installed-index-damaged': {
    exit: 1,
    en: {
      text: 'The list of files of the installed version {name} is gone or damaged: {path}.',
      hint: 'Run "satchel repair {name}"; it fetches the list again.',
    },
    es: {
      text: 'La lista de archivos de la versión instalada {name} falta o está dañada: {path}.',
      hint: 'Ejecute «satchel repair {name}»; descarga la lista de nuevo.',
    },
  },
  'update-running': {
    exit: 1,
    en: {
      text: 'Another satchel (process {process}) is changing the versions of {root}.',
      hint: 'Wait until it has finished, then run the same command again.',
    },
    es: {
      text: 'Otro satchel (proceso {process}) está cambiando las versiones de {root}.',
      hint: 'Espere a que termine y repita la orden.',
    },
  },
  'rollback-nothing': {
    exit: 3,
    en: {
      text: 'There is no previous version on this device to go back to.',
      hint: 'Name an installed version, or install one with "satchel update BUILD".',
    },
    es: {
      text: 'No hay una versión anterior en este equipo a la cual volver.',
      hint: 'Indique una versión instalada, o instale una con «satchel update VERSIÓN».',
    },
  },
  'rollback-target-damaged': {
    exit: 1,
    en: {
      text: 'The version {name} is damaged ({count} paths, first {path}); the device stays with the present one.',
      hint: 'Run "satchel repair {name}", then go back again.',
    },
    es: {
      text: 'La versión {name} está dañada ({count} rutas, la primera {path}); el equipo queda con la actual.',
      hint: 'Ejecute «satchel repair {name}» y vuelva a intentarlo.',
    },
  },
  'rollback-target-damaged-rsync': {
    exit: 1,
    en: {
      text: 'The version {name} is damaged ({count} paths, first {path}); the device stays with the present one.',
      hint: 'Run "olpc-update -s SERVER {name}" with the server that it came from (or --usb): that makes it whole and boots it next. With -f it is installed anew.',
    },
    es: {
      text: 'La versión {name} está dañada ({count} rutas, la primera {path}); el equipo queda con la actual.',
      hint: 'Ejecute «olpc-update -s SERVIDOR {name}» con el servidor del que vino (o --usb): eso la completa y la arranca la próxima vez. Con -f se instala de nuevo.',
    },
  },
  'rollback-unverified': {
    en: { text: 'The version {name} was not installed by Satchel, so its files could not be verified.' },
    es: {
      text: 'Satchel no instaló la versión {name}, así que no se pudieron verificar sus archivos.',
    },
  },
  'restored-content-wrong': {
    exit: 1,
    en: {
      text: 'What came for {path} is not its content; the file was left as it is.',
      hint: 'Use another source with --source and repair again.',
    },
    es: {
      text: 'Lo recibido para {path} no es su contenido; el archivo quedó como estaba.',
      hint: 'Use otro origen con --source y repare de nuevo.',
    },
  },
  'verify-unreadable': {
    en: {
      text: '{count} files may only be read by root and were not verified, first {path}.',
    },
    es: {
      text: '{count} archivos solo puede leerlos root y no se verificaron, el primero {path}.',
    },
  },
  'purge-sticky': {
    en: { text: 'Nothing was removed, because {path} protects every version.' },
    es: { text: 'No se eliminó nada, porque {path} protege todas las versiones.' },
  },
  'purge-mounted': {
    en: { text: '{path} stays, because {mount} is mounted there.' },
    es: { text: '{path} se conserva, porque {mount} está montado allí.' },
  },
  'delta-of-no-use': {
    en: { text: 'The delta from {from} to {build} is of no use; what it lacks is fetched in another way.' },
    es: { text: 'El delta de {from} a {build} no sirve; lo que falta se obtiene de otra manera.' },
  },
} as const satisfies MessageSet;
