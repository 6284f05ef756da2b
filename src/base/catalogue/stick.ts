import type { MessageSet } from '../message.ts';

/** Sentences about sticks: `satchel stick`. */
export const stickMessages = {
  'stick-not-prepared': {
    exit: 3,
    en: {
      text: 'There is nothing for Satchel on {path}: neither satchel/stick.json nor xs-xobuilds/.',
      hint: 'Prepare the stick with "satchel stick prepare", or plug in another one.',
    },
    es: {
      text: 'En {path} no hay nada para Satchel: ni satchel/stick.json ni xs-xobuilds/.',
      hint: 'Prepare la memoria USB con «satchel stick prepare», o conecte otra.',
    },
  },
  'stick-not-a-directory': {
    exit: 3,
    en: { text: '{path} is no directory.', hint: 'Give the directory where the stick is mounted.' },
    es: {
      text: '{path} no es un directorio.',
      hint: 'Indique el directorio donde está montada la memoria USB.',
    },
  },
  'stick-manifest-damaged': {
    exit: 1,
    en: {
      text: 'The list of files on this stick, {path}, is not what Satchel writes: {field}. Nothing of the stick was used.',
      hint: 'Prepare the stick again with "satchel stick prepare".',
    },
    es: {
      text: 'La lista de archivos de esta memoria USB, {path}, no es la que escribe Satchel: {field}. No se usó nada de ella.',
      hint: 'Prepare de nuevo la memoria USB con «satchel stick prepare».',
    },
  },
  'stick-newer': {
    exit: 1,
    en: {
      text: 'This stick was prepared by a newer Satchel (format {format}; this one knows {newest}).',
      hint: 'Update Satchel on this machine first.',
    },
    es: {
      text: 'Esta memoria USB fue preparada por un Satchel más nuevo (formato {format}; este conoce hasta {newest}).',
      hint: 'Actualice antes Satchel en esta máquina.',
    },
  },
  'stick-of-another-organisation': {
    exit: 4,
    en: {
      text: 'The stick {path} belongs to another organisation (root {theirs}; here it is {ours}). Nothing was changed.',
      hint: 'Use a stick of your own organisation, or empty this one first.',
    },
    es: {
      text: 'La memoria USB {path} es de otra organización (raíz {theirs}; aquí es {ours}). No se cambió nada.',
      hint: 'Use una memoria USB de su organización, o vacíe antes esta.',
    },
  },
  'stick-symlink': {
    exit: 1,
    en: {
      text: '{path} on the stick is no plain file or folder, and it is not followed.',
      hint: 'Remove it from the stick, or prepare another one.',
    },
    es: {
      text: '{path} en la memoria USB no es un archivo ni una carpeta común, y no se sigue.',
      hint: 'Bórrelo de la memoria USB, o prepare otra.',
    },
  },
  'stick-file-too-long': {
    exit: 1,
    en: { text: '{path} on the stick has more than {limit} bytes, so it is nothing of ours.' },
    es: { text: '{path} en la memoria USB tiene más de {limit} bytes: no es nuestro.' },
  },
  'stick-too-small': {
    exit: 4,
    en: {
      text: 'The stick {path} is too small: {needed} more are needed, {free} are free. Nothing was written.',
      hint: 'Use a larger stick, name fewer builds, or take --deltas-only.',
    },
    es: {
      text: 'La memoria USB {path} es demasiado chica: hacen falta {needed} más y hay {free} libres. No se escribió nada.',
      hint: 'Use una más grande, nombre menos versiones, o use --deltas-only.',
    },
  },
  'stick-old-goes-first': {
    en: {
      text: 'The stick has no room for old and new together: what it carried before is removed first.',
    },
    es: {
      text: 'La memoria USB no alcanza para lo anterior y lo nuevo a la vez: primero se borra lo anterior.',
    },
  },
  'stick-busy': {
    exit: 1,
    en: {
      text: 'Another process works with the stick {path}.',
      hint: 'Wait until it has finished.',
    },
    es: {
      text: 'Otro proceso está trabajando con la memoria USB {path}.',
      hint: 'Espere a que termine.',
    },
  },
  'stick-source-needed': {
    exit: 2,
    en: { text: 'Say where the builds come from: with --repo DIR or with --source URL, and not both.' },
    es: { text: 'Indique de dónde vienen las versiones: con --repo DIR o con --source URL, no con ambos.' },
  },
  'stick-site-not-known': {
    exit: 3,
    en: {
      text: 'No site is called {name}. Known are: {known}.',
      hint: 'Give one of these names, or its id. For a site that has never reported prepare the stick without --site.',
    },
    es: {
      text: 'Ningún sitio se llama {name}. Se conocen: {known}.',
      hint: 'Indique uno de estos nombres, o su identificador. Para un sitio que nunca informó, prepare la memoria USB sin --site.',
    },
  },
  'stick-trust-not-decided': {
    exit: 4,
    en: {
      text: 'Nothing says whom this stick is to trust: {source} could be anybody.',
      hint: 'Give the hash that "satchel init" printed with --trust, or --trust-on-first-use to compare it by eye.',
    },
    es: {
      text: 'Nada dice en quién debe confiar esta memoria USB: {source} podría ser cualquiera.',
      hint: 'Indique con --trust la suma que mostró «satchel init», o --trust-on-first-use para compararla a la vista.',
    },
  },
  'stick-attachment-absent': {
    exit: 3,
    en: { text: '{path}, which is to go on the stick, is not there.', hint: 'Check the spelling.' },
    es: { text: 'No existe {path}, que debe ir a la memoria USB.', hint: 'Revise cómo está escrito.' },
  },
  'stick-attachment-kind': {
    exit: 3,
    en: {
      text: '{path} cannot go on the stick: --leases and --delegations take a file, --activities a directory.',
      hint: 'Give the file or the directory itself, no link.',
    },
    es: {
      text: '{path} no puede ir a la memoria USB: --leases y --delegations toman un archivo, --activities un directorio.',
      hint: 'Indique el archivo o el directorio mismo, no un enlace.',
    },
  },
  'stick-attachments-need-keys': {
    exit: 4,
    en: {
      text: 'Leases, delegations and activities need a signed stick, and no key of the role "timestamp" is here.',
      hint: 'Prepare the stick at the origin, with --repo (and --key-dir where the keys lie elsewhere).',
    },
    es: {
      text: 'Los permisos, las delegaciones y las actividades necesitan una memoria USB firmada, y aquí no hay una clave del rol «timestamp».',
      hint: 'Prepárela en el origen, con --repo (y --key-dir si las claves están en otro lugar).',
    },
  },
  'stick-attachment-name': {
    exit: 2,
    en: {
      text: 'The file {name} cannot go on a stick by that name.',
      hint: 'Use letters, digits and . _ + - only, and no full stop or hyphen first.',
    },
    es: {
      text: 'El archivo {name} no puede ir a la memoria USB con ese nombre.',
      hint: 'Use solo letras, cifras y . _ + -, sin punto al principio.',
    },
  },
  'stick-site-unknown': {
    en: { text: 'Nothing is known yet of what the site {site} has: the stick takes everything for it.' },
    es: { text: 'Aún no se sabe qué tiene el sitio {site}: la memoria USB lleva todo para él.' },
  },
  'stick-no-delta': {
    en: { text: 'Devices of {site} run {from}, and there is no delta from it to {build}.' },
    es: { text: 'Hay equipos de {site} con {from}, y no existe un delta de esa versión a {build}.' },
  },
  'stick-unsigned': {
    en: {
      text: 'Nobody that this site knows has signed the list of this stick: its leases, delegations and activities were not taken.',
      hint: 'Prepare the stick at the origin.',
    },
    es: {
      text: 'Nadie que este sitio conozca firmó la lista de esta memoria USB: no se tomaron sus permisos, delegaciones ni actividades.',
      hint: 'Prepare la memoria USB en el origen.',
    },
  },
  'stick-expired': {
    en: {
      text: 'The signature of this stick ran out on {expires} (now {now}): its leases, delegations and activities were not taken.',
      hint: 'Prepare the stick again at the origin.',
    },
    es: {
      text: 'La firma de esta memoria USB venció el {expires} (ahora: {now}): no se tomaron sus permisos, delegaciones ni actividades.',
      hint: 'Prepare de nuevo la memoria USB en el origen.',
    },
  },
  'stick-attachment-older': {
    en: {
      text: 'The leases and delegations of this stick, of {made}, are older than those that this site took on {taken}, and were not taken.',
      hint: 'Prepare the stick again at the origin.',
    },
    es: {
      text: 'Los permisos y las delegaciones de esta memoria USB, del {made}, son anteriores a los que este sitio tomó del {taken}; no se tomaron.',
      hint: 'Prepare de nuevo la memoria USB en el origen.',
    },
  },
  'stick-file-damaged': {
    en: {
      text: '{file} on the stick is damaged, and was not taken.',
      hint: 'Prepare the stick again; if that happens often, use another one.',
    },
    es: {
      text: '{file} en la memoria USB está dañado, y no se tomó.',
      hint: 'Prepárela de nuevo; si pasa seguido, use otra.',
    },
  },
  'stick-leases-unbelievable': {
    en: {
      text: '{file} on the stick has {count} leases that their laptops would refuse; the others were taken.',
      hint: 'They are signed by another key than laptops here trust, or for another UUID. Ask the origin.',
    },
    es: {
      text: '{file} en la memoria USB tiene {count} permisos que sus equipos rechazarían; los demás se tomaron.',
      hint: 'Los firmó otra clave que la de confianza de estos equipos, o son para otro UUID. Pregunte al origen.',
    },
  },
  'stick-leases-wrong': {
    en: {
      text: '{file} on the stick holds no leases or delegations that can be handed out: {reason}',
      hint: 'Make the file again at the origin and prepare the stick anew. What was handed out before stays.',
    },
    es: {
      text: '{file} en la memoria USB no contiene permisos ni delegaciones que se puedan entregar: {reason}',
      hint: 'Cree el archivo otra vez en el origen y prepare la memoria USB de nuevo. Lo que se entregaba antes sigue.',
    },
  },
  'stick-file-unreadable': {
    en: {
      text: '{file} on the stick cannot be read: {reason}',
      hint: 'The stick may be failing: copy what you need from it and use another one.',
    },
    es: {
      text: 'No se puede leer {file} en la memoria USB: {reason}',
      hint: 'La memoria USB puede estar fallando: copie lo que necesite y use otra.',
    },
  },
  'stick-pulled-out': {
    exit: 1,
    en: {
      text: 'The stick {path} was pulled out before everything was copied. What was copied is kept.',
      hint: 'Plug it in again: only the rest is copied then.',
    },
    es: {
      text: 'La memoria USB {path} se sacó antes de terminar la copia. Lo copiado se conserva.',
      hint: 'Conéctela de nuevo: solo se copia lo que falta.',
    },
  },
  'stick-site-full': {
    exit: 4,
    en: {
      text: '{build} needs {needed} more of disk at this site; {free} could be had. It was not copied.',
      hint: 'Allow more with "satchel site set --budget SIZE" or hold less in reserve with "--reserve SIZE", free some space, or unpin builds with "satchel pin --remove"; then plug the stick in again.',
    },
    es: {
      text: '{build} necesita {needed} más de disco en este sitio; se podría contar con {free}. No se copió.',
      hint: 'Permita más con «satchel site set --budget TAMAÑO» o reserve menos con «--reserve TAMAÑO», libere espacio, o suelte versiones con «satchel pin --remove»; luego conecte de nuevo la memoria USB.',
    },
  },
  'stick-build-part': {
    en: {
      text: '{build} could not be taken as a whole: {count} of its files are neither on the stick nor here.',
      hint: 'Prepare the stick again; with --site it brings only what that site lacks.',
    },
    es: {
      text: '{build} no se pudo tomar completa: {count} de sus archivos no están ni en la memoria USB ni aquí.',
      hint: 'Prepare de nuevo la memoria USB; con --site lleva solo lo que le falta a ese sitio.',
    },
  },
  'stick-list-missing': {
    exit: 1,
    en: {
      text: 'The list of files on this stick, {path}, is missing. Reports and what signed metadata vouches for were taken, no attachments.',
      hint: 'Prepare the stick again with "satchel stick prepare".',
    },
    es: {
      text: 'Falta la lista de archivos de esta memoria USB, {path}. Se tomaron los informes y lo que respaldan los metadatos firmados, nada de lo adjunto.',
      hint: 'Prepare de nuevo la memoria USB con «satchel stick prepare».',
    },
  },
  'stick-extra-files': {
    en: {
      text: '{count} files on the stick are on no list and were left alone: {names}',
      hint: 'They do no harm; remove them if nobody needs them.',
    },
    es: {
      text: '{count} archivos de la memoria USB no están en ninguna lista y no se tocaron: {names}',
      hint: 'No molestan; bórrelos si nadie los necesita.',
    },
  },
  'stick-links': {
    en: {
      text: '{count} symlinks on the stick were not followed: {names}',
      hint: 'Satchel makes none: remove them, and prepare the stick again if a file is missing in their place.',
    },
    es: {
      text: '{count} enlaces simbólicos de la memoria USB no se siguieron: {names}',
      hint: 'Satchel no crea ninguno: bórrelos, y prepare de nuevo la memoria USB si en su lugar falta un archivo.',
    },
  },
  'stick-older': {
    en: {
      text: 'The stick {path} is older than what this site knows; only its files were used.',
      hint: 'Nothing needs to be done; prepare it again when it should bring news.',
    },
    es: {
      text: 'La memoria USB {path} es anterior a lo que este sitio conoce; solo se usaron sus archivos.',
      hint: 'No hace falta nada; prepárela de nuevo cuando deba traer novedades.',
    },
  },
  'stick-not-writable': {
    en: {
      text: 'Nothing can be written to the stick {path}: reports of this site do not go home with it. {reason}',
      hint: 'Look for a write-protect switch on the stick.',
    },
    es: {
      text: 'No se puede escribir en la memoria USB {path}: los informes de este sitio no viajan con ella. {reason}',
      hint: 'Vea si la memoria USB tiene una traba contra escritura.',
    },
  },
  'stick-not-writable-origin': {
    en: {
      text: 'Nothing can be written to the stick {path}: its reports are stored, but stay on it, and the sites are not told that they have arrived. {reason}',
      hint: 'Look for a write-protect switch on the stick. Nothing counts twice when the stick is read again.',
    },
    es: {
      text: 'No se puede escribir en la memoria USB {path}: sus informes están guardados, pero siguen en ella, y los sitios no sabrán que llegaron. {reason}',
      hint: 'Vea si la memoria USB tiene una traba contra escritura. Nada cuenta dos veces si se lee de nuevo.',
    },
  },
  'stick-reports-damaged': {
    en: {
      text: '{file} on the stick holds no reports that can be read; it was left alone.',
      hint: 'Remove it: the device reports again.',
    },
    es: {
      text: '{file} en la memoria USB no contiene informes legibles; no se tocó.',
      hint: 'Bórrelo: el equipo volverá a informar.',
    },
  },
  'stick-not-mounted': {
    exit: 1,
    en: {
      text: '{device} cannot be mounted: {reason}',
      hint: 'Sticks with FAT32, exFAT or ext4 can be used; only root can mount them.',
    },
    es: {
      text: 'No se puede montar {device}: {reason}',
      hint: 'Sirven memorias USB con FAT32, exFAT o ext4; solo root puede montarlas.',
    },
  },
  'stick-device-absent': {
    exit: 3,
    en: {
      text: 'There is no device {device}.',
      hint: 'Look with "lsblk" what the stick is called, and whether it is plugged in.',
    },
    es: {
      text: 'No existe el dispositivo {device}.',
      hint: 'Mire con «lsblk» cómo se llama la memoria USB, y si está conectada.',
    },
  },
  'stick-without-file-system': {
    exit: 1,
    en: {
      text: 'No file system can be found on {device}.',
      hint: 'Name the partition (/dev/sdb1, not /dev/sdb), as root, or format the stick with FAT32, exFAT or ext4.',
    },
    es: {
      text: 'No se encuentra ningún sistema de archivos en {device}.',
      hint: 'Indique la partición (/dev/sdb1, no /dev/sdb), como root, o formatee la memoria USB con FAT32, exFAT o ext4.',
    },
  },
  'stick-file-system-unusable': {
    exit: 1,
    en: {
      text: '{device} has the file system {type}, which is not used for sticks.',
      hint: 'Use a stick with FAT32, exFAT or ext4.',
    },
    es: {
      text: '{device} tiene el sistema de archivos {type}, que no se usa en memorias USB.',
      hint: 'Use una memoria USB con FAT32, exFAT o ext4.',
    },
  },
  'stick-directory-or-device': {
    exit: 2,
    en: { text: 'Name either the directory where the stick is mounted or --device DEVICE.' },
    es: { text: 'Indique el directorio donde está montada la memoria USB, o --device DISPOSITIVO.' },
  },
  'stick-site-not-trusting': {
    exit: 4,
    en: {
      text: '{repository} does not trust anybody yet.',
      hint: 'Run "satchel site join" there first; the stick itself may be what it joins.',
    },
    es: {
      text: '{repository} todavía no confía en nadie.',
      hint: 'Ejecute antes «satchel site join»; puede unirse a la propia memoria USB.',
    },
  },
  'stick-site-only': {
    exit: 2,
    en: {
      text: '{repository} is a site: its reports go to the origin.',
      hint: 'Plug the stick in with "satchel stick load" here, and run "satchel stick collect" at the origin.',
    },
    es: {
      text: '{repository} es un sitio: sus informes van al origen.',
      hint: 'Use aquí «satchel stick load», y «satchel stick collect» en el origen.',
    },
  },
  'xs-manifest-missing': {
    exit: 3,
    en: {
      text: '{path} has neither manifest.sha256 nor manifest.sha1.',
      hint: 'Make one there with "sha256sum * > manifest.sha256".',
    },
    es: {
      text: '{path} no tiene manifest.sha256 ni manifest.sha1.',
      hint: 'Créelo allí con «sha256sum * > manifest.sha256».',
    },
  },
  'xs-manifest-damaged': {
    exit: 1,
    en: {
      text: '{path} is no list of checksums: line {line}. Nothing of {folder} was taken.',
      hint: 'Make it again with "sha256sum *": plain names, no folders.',
    },
    es: {
      text: '{path} no es una lista de sumas: línea {line}. No se tomó nada de {folder}.',
      hint: 'Créela de nuevo con «sha256sum *»: nombres simples, sin carpetas.',
    },
  },
  'xs-manifest-unsigned': {
    exit: 4,
    en: {
      text: 'Security is on ({switch}), and {path} has no good signature by a key of this machine: {reason}. Nothing of {folder} was taken.',
      hint: 'Sign the manifest with "gpg --detach-sign --output {path}.sig {path}", and import the public key here with "gpg --import".',
    },
    es: {
      text: 'La seguridad está activada ({switch}), y {path} no tiene una firma válida de una clave de esta máquina: {reason}. No se tomó nada de {folder}.',
      hint: 'Firme el manifiesto con «gpg --detach-sign --output {path}.sig {path}», e importe aquí la clave pública con «gpg --import».',
    },
  },
  'xs-file-wrong': {
    en: {
      text: '{file} on the stick is not what its manifest says, and was not taken.',
      hint: 'Copy it to the stick again, or make the manifest anew.',
    },
    es: {
      text: '{file} en la memoria USB no es lo que dice su manifiesto, y no se tomó.',
      hint: 'Cópielo otra vez a la memoria USB, o haga de nuevo el manifiesto.',
    },
  },
  'xs-file-missing': {
    en: { text: '{file} is in the manifest and not on the stick.' },
    es: { text: '{file} está en el manifiesto y no en la memoria USB.' },
  },
  'xs-no-room': {
    exit: 4,
    en: {
      text: 'The files in {folder} need {needed}; {free} are free in {directory}. Nothing of them was taken.',
      hint: 'Free some space, then plug the stick in again.',
    },
    es: {
      text: 'Los archivos de {folder} necesitan {needed}; hay {free} libres en {directory}. No se tomó nada de ellos.',
      hint: 'Libere espacio y conecte de nuevo la memoria USB.',
    },
  },
} as const satisfies MessageSet;
