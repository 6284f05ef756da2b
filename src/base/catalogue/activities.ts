import type { MessageSet } from '../message.ts';

/** Sentences of `src/activities/`: what is wrong with a bundle. */
export const activitiesMessages = {
  'zip-damaged': {
    exit: 1,
    en: { text: '{archive} is no whole zip file: {reason}.', hint: 'Fetch or make it again.' },
    es: {
      text: '{archive} no es un archivo zip completo: {reason}.',
      hint: 'Descárguelo o créelo de nuevo.',
    },
  },
  'zip-member-damaged': {
    exit: 1,
    en: {
      text: '{path} in {archive} cannot be unpacked: it is damaged, encrypted, or packed in an unknown way.',
      hint: 'Fetch or make the archive again, without a password.',
    },
    es: {
      text: '{path} en {archive} no se puede desempaquetar: está dañado, cifrado o comprimido de forma desconocida.',
      hint: 'Descargue o cree el archivo de nuevo, sin contraseña.',
    },
  },
  'zip-too-large': {
    exit: 1,
    en: {
      text: '{archive} would grow beyond what such a file may hold (limit {limit}).',
      hint: 'Publish large content as a directory: "satchel content publish DIR".',
    },
    es: {
      text: '{archive} crecería más de lo que un archivo así puede contener (límite {limit}).',
      hint: 'Publique el contenido grande como directorio: «satchel content publish DIR».',
    },
  },
  'bundle-zip-no-room': {
    exit: 4,
    en: {
      text: '{name} is not handed out as a file: that may take {bytes}, and there is no room for it.',
      hint: 'Free some space on the disk. Devices with Satchel get it without such a file.',
    },
    es: {
      text: '{name} no se entrega como archivo: podría ocupar {bytes}, y no hay espacio para él.',
      hint: 'Libere espacio en el disco. Los equipos con Satchel lo reciben sin ese archivo.',
    },
  },
  'bundle-zip-too-large': {
    exit: 4,
    en: {
      text: '{name} is not handed out as a file: that may take {bytes}, and all such files together may take {limit}.',
      hint: 'Nothing needs to be done: devices with Satchel get it without such a file.',
    },
    es: {
      text: '{name} no se entrega como archivo: podría ocupar {bytes}, y todos esos archivos juntos pueden ocupar {limit}.',
      hint: 'No hay que hacer nada: los equipos con Satchel lo reciben sin ese archivo.',
    },
  },
  'bundle-delta-too-large': {
    exit: 1,
    en: {
      text: 'So much of its content is new that comparing would take too long: {bytes} (limit {limit}).',
      hint: 'Devices fetch what changed in another way; nothing needs to be done.',
    },
    es: {
      text: 'Tanto de su contenido es nuevo que compararlo llevaría demasiado tiempo: {bytes} (límite {limit}).',
      hint: 'Los dispositivos descargan lo que cambió de otra manera; no hay que hacer nada.',
    },
  },
  'bundle-empty': {
    exit: 1,
    en: { text: '{archive} holds nothing.', hint: 'A bundle holds one folder with everything in it.' },
    es: { text: '{archive} no contiene nada.', hint: 'Un paquete contiene una carpeta con todo dentro.' },
  },
  'bundle-path-outside': {
    exit: 1,
    en: {
      text: '{path} in {archive} does not lie in the one folder that a bundle holds.',
      hint: 'Pack one folder, for example Maze.activity, and nothing beside it.',
    },
    es: {
      text: '{path} en {archive} no está en la única carpeta que contiene un paquete.',
      hint: 'Empaquete una sola carpeta, por ejemplo Maze.activity, y nada a su lado.',
    },
  },
  'bundle-path-too-long': {
    exit: 1,
    en: {
      text: '{path} in {archive} is longer than {limit} bytes with its folder; in the home of a user there might be no room for such a name.',
      hint: 'Give shorter names, or put fewer directories inside each other.',
    },
    es: {
      text: '{path} en {archive} tiene más de {limit} bytes con su carpeta; en la carpeta personal de un usuario podría no caber un nombre así.',
      hint: 'Use nombres más cortos, o menos directorios unos dentro de otros.',
    },
  },
  'bundle-special-file': {
    exit: 1,
    en: {
      text: '{path} in {archive} is a symlink or a special file; bundles hold files and directories.',
      hint: 'Put a copy in its place, or publish the tree with "satchel content publish DIR".',
    },
    es: {
      text: '{path} en {archive} es un enlace simbólico o un archivo especial; los paquetes contienen archivos y directorios.',
      hint: 'Ponga una copia en su lugar, o publique el árbol con «satchel content publish DIR».',
    },
  },
  'bundle-path-repeated': {
    exit: 1,
    en: {
      text: '{archive} holds {path} twice, and nobody knows which one counts.',
      hint: 'Pack the bundle again.',
    },
    es: {
      text: '{archive} contiene {path} dos veces, y nadie sabe cuál vale.',
      hint: 'Empaquete de nuevo el paquete.',
    },
  },
  'bundle-folder-wrong': {
    exit: 1,
    en: {
      text: 'The folder in {archive} is called {folder}; that of an activity ends in ".activity".',
      hint: 'Rename the folder and pack the bundle again.',
    },
    es: {
      text: 'La carpeta en {archive} se llama {folder}; la de una actividad termina en «.activity».',
      hint: 'Cambie el nombre de la carpeta y empaquete de nuevo.',
    },
  },
  'bundle-folder-unusable': {
    exit: 1,
    en: {
      text: 'The folder in {archive} is called {folder}, which cannot be the name of a directory on a device.',
      hint: 'Give it a name in UTF-8 without control characters that begins neither with a full stop nor like "C:".',
    },
    es: {
      text: 'La carpeta en {archive} se llama {folder}, que no puede ser el nombre de un directorio en un equipo.',
      hint: 'Dele un nombre en UTF-8 sin caracteres de control que no empiece con punto ni como «C:».',
    },
  },
  'bundle-folder-occupied': {
    exit: 1,
    en: {
      text: '{id} would be installed as {folder}, and so is {other} in the group {group}: devices can have only one of them.',
      hint: 'Rename the folder of one, give it to another group, or stop offering the other one with "satchel activity remove".',
    },
    es: {
      text: '{id} se instalaría como {folder}, y así se instala {other} en el grupo {group}: los equipos solo pueden tener uno de los dos.',
      hint: 'Cambie el nombre de una de las carpetas, use otro grupo, o deje de ofrecer el otro con «satchel activity remove».',
    },
  },
  'bundle-info-missing': {
    exit: 1,
    en: {
      text: '{archive} is neither an activity nor a library: {folder} has no activity/activity.info and no library/library.info.',
      hint: 'Anything else is published with "satchel content publish".',
    },
    es: {
      text: '{archive} no es ni actividad ni biblioteca: {folder} no tiene activity/activity.info ni library/library.info.',
      hint: 'Todo lo demás se publica con «satchel content publish».',
    },
  },
  'bundle-info-too-long': {
    exit: 1,
    en: {
      text: '{info} in {archive} is longer than {limit} bytes, so it describes nothing.',
      hint: 'Write a description of a few lines.',
    },
    es: {
      text: '{info} en {archive} tiene más de {limit} bytes, así que no describe nada.',
      hint: 'Escriba una descripción de pocas líneas.',
    },
  },
  'bundle-key-missing': {
    exit: 1,
    en: { text: '{info} in {archive} has no {key}.', hint: 'Add it and pack the bundle again.' },
    es: { text: '{info} en {archive} no tiene {key}.', hint: 'Añádalo y empaquete de nuevo.' },
  },
  'bundle-key-wrong': {
    exit: 1,
    en: {
      text: '{info} in {archive} says {key} = {value}, which Sugar does not understand.',
      hint: 'A version is 12 or 12.3 or 12.3-dev, an id like org.laptop.Maze. Mend it and pack the bundle again.',
    },
    es: {
      text: '{info} en {archive} dice {key} = {value}, que Sugar no entiende.',
      hint: 'Una versión es 12 o 12.3 o 12.3-dev, un id como org.laptop.Maze. Corríjalo y empaquete de nuevo.',
    },
  },
  'group-not-found': {
    exit: 3,
    en: {
      text: '{location} has no group {name} of activities.',
      hint: '"satchel activity list" shows the groups.',
    },
    es: {
      text: '{location} no tiene ningún grupo {name} de actividades.',
      hint: '«satchel activity list» muestra los grupos.',
    },
  },
  'role-activities-absent': {
    exit: 1,
    en: {
      text: '{location} was made before there were activities: no keys are named that may sign them.',
      hint: 'Run "satchel keys rotate activities --repo DIR" once, where the keys of the role "targets" are.',
    },
    es: {
      text: '{location} se creó antes de que hubiera actividades: no hay claves nombradas para firmarlas.',
      hint: 'Ejecute una vez «satchel keys rotate activities --repo DIR», donde estén las claves del rol «targets».',
    },
  },
  'bundle-given-twice': {
    exit: 2,
    en: { text: '{name} is given twice.', hint: 'Name each version of a bundle once.' },
    es: { text: '{name} se da dos veces.', hint: 'Nombre cada versión de un paquete una sola vez.' },
  },
  'bundle-exists': {
    exit: 1,
    en: {
      text: 'Version {version} of {id} is published already, with other content.',
      hint: 'Give the changed bundle a new version: devices that have this one would never see the change.',
    },
    es: {
      text: 'La versión {version} de {id} ya está publicada, con otro contenido.',
      hint: 'Dé una versión nueva al paquete cambiado: los equipos que ya tienen esta nunca verían el cambio.',
    },
  },
  'bundle-older': {
    exit: 1,
    en: {
      text: 'The stream {stream} has version {newer} of {id} already; {version} is older, and devices do not go back.',
      hint: 'Give the older content a newer version, or pin devices to it with "satchel activities pin".',
    },
    es: {
      text: 'El canal {stream} ya tiene la versión {newer} de {id}; {version} es más antigua, y los equipos no retroceden.',
      hint: 'Dé al contenido antiguo una versión más nueva, o fije los equipos a ella con «satchel activities pin».',
    },
  },
  'group-too-large': {
    exit: 4,
    en: {
      text: 'The group {group} would hold more than {limit} versions of bundles.',
      hint: 'Keep fewer versions with --keep, or use several groups.',
    },
    es: {
      text: 'El grupo {group} tendría más de {limit} versiones de paquetes.',
      hint: 'Conserve menos versiones con --keep, o use varios grupos.',
    },
  },
  'group-details-too-large': {
    exit: 4,
    en: {
      text: 'Names and pictures of the bundles in the group {group} would take more than {limit} bytes.',
      hint: 'Keep fewer versions with --keep, or use several groups.',
    },
    es: {
      text: 'Los nombres e imágenes de los paquetes del grupo {group} ocuparían más de {limit} bytes.',
      hint: 'Conserve menos versiones con --keep, o use varios grupos.',
    },
  },
  'content-not-directory': {
    exit: 2,
    en: {
      text: '{path} is no directory.',
      hint: 'Content is published from a directory: unpack an archive first.',
    },
    es: {
      text: '{path} no es un directorio.',
      hint: 'El contenido se publica desde un directorio: desempaquete antes un archivo comprimido.',
    },
  },
  'content-link-outside': {
    exit: 1,
    en: {
      text: '{path} is a symlink to {target}, which lies outside of the content.',
      hint: 'Put a copy in its place, or take it away.',
    },
    es: {
      text: '{path} es un enlace simbólico a {target}, que está fuera del contenido.',
      hint: 'Ponga una copia en su lugar, o quítelo.',
    },
  },
} as const satisfies MessageSet;
