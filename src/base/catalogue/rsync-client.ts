import type { MessageSet } from '../message.ts';

/** Sentences of `src/rsync/client-*.ts`: updating through the rsync program. */
export const rsyncClientMessages = {
  'rsync-missing': {
    exit: 1,
    en: {
      text: 'The program rsync is not on this machine.',
      hint: 'Install it (Debian: apt install rsync), or use a Satchel repository as the source.',
    },
    es: {
      text: 'El programa rsync no está en este equipo.',
      hint: 'Instálelo (Debian: apt install rsync), o use un repositorio Satchel como fuente.',
    },
  },
  'rsync-module-unknown': {
    exit: 3,
    en: {
      text: '{place} does not exist: the server has no module "{module}".',
      hint: '"olpc-update -l" lists the builds that a server has.',
    },
    es: {
      text: '{place} no existe: el servidor no tiene el módulo «{module}».',
      hint: '«olpc-update -l» muestra las versiones que tiene un servidor.',
    },
  },
  'rsync-option-refused': {
    exit: 1,
    en: {
      text: '{place} does not take an option that is needed: {reason}.',
      hint: 'The server is too old or forbids it; ask its keeper, or use another server with -s.',
    },
    es: {
      text: '{place} no acepta una opción necesaria: {reason}.',
      hint: 'El servidor es demasiado viejo o la prohíbe; pregunte a su encargado o use otro servidor con -s.',
    },
  },
  'rsync-refused': {
    exit: 1,
    en: {
      text: '{place} refused: {answer}',
      hint: 'Nothing was changed. If the build is being prepared there, try again in a minute.',
    },
    es: {
      text: '{place} se negó: {answer}',
      hint: 'No se cambió nada. Si allí se está preparando la versión, pruebe de nuevo en un minuto.',
    },
  },
  'rsync-file-missing': {
    exit: 3,
    en: {
      text: '{place} has no such file or directory.',
      hint: 'Check the address; "olpc-update -l" lists the builds that a server has.',
    },
    es: {
      text: '{place} no tiene ese archivo o carpeta.',
      hint: 'Revise la dirección; «olpc-update -l» muestra las versiones que tiene un servidor.',
    },
  },
  'rsync-connection-failed': {
    exit: 1,
    en: {
      text: 'The connection to {place} failed: {reason}.',
      hint: 'Check the network and that the server runs. Run the same command again: it goes on with what was received.',
    },
    es: {
      text: 'Falló la conexión con {place}: {reason}.',
      hint: 'Revise la red y que el servidor funcione. Repita la misma orden: sigue con lo ya recibido.',
    },
  },
  'rsync-failed': {
    exit: 1,
    en: {
      text: 'rsync ended with code {code} at {place}: {reason}.',
      hint: 'Nothing was changed. Run the same command again; if it happens again, tell the keeper of the server.',
    },
    es: {
      text: 'rsync terminó con el código {code} en {place}: {reason}.',
      hint: 'No se cambió nada. Repita la misma orden; si vuelve a pasar, avise al encargado del servidor.',
    },
  },
  'rsync-update-needs-root': {
    exit: 1,
    en: {
      text: 'An update from a plain rsync server, a directory or an image has to be run by root.',
      hint: 'Run it as root (sudo): only root can give files their owners and make devices.',
    },
    es: {
      text: 'Una actualización desde un servidor rsync simple, una carpeta o una imagen debe hacerla root.',
      hint: 'Hágala como root (sudo): solo root puede dar dueños a los archivos y crear dispositivos.',
    },
  },
  'rsync-contents-missing': {
    exit: 4,
    en: {
      text: '{place} has no contents manifest, so what comes from there cannot be checked.',
      hint: 'Nothing was changed. Use another source; or, if you trust this one, go on with -f.',
    },
    es: {
      text: '{place} no tiene manifiesto de contenido, así que no se puede comprobar lo que viene de allí.',
      hint: 'No se cambió nada. Use otra fuente; o, si confía en esta, siga con -f.',
    },
  },
  'rsync-contents-too-large': {
    exit: 1,
    en: {
      text: 'The contents manifest at {place} is no plain file of at most {limit} bytes.',
      hint: 'No build has such a manifest; tell the keeper of the server.',
    },
    es: {
      text: 'El manifiesto de contenido en {place} no es un archivo simple de hasta {limit} bytes.',
      hint: 'Ninguna versión tiene un manifiesto así; avise al encargado del servidor.',
    },
  },
  'rsync-tree-wrong': {
    exit: 1,
    en: {
      text: 'What came from {place} is not what its manifest says, also when it was fetched once more. Paths that differ: {count}, the first is "{path}".',
      hint: 'Nothing was changed. The build there is damaged or being replaced; tell the keeper of the server.',
    },
    es: {
      text: 'Lo que vino de {place} no es lo que dice su manifiesto, ni al traerlo de nuevo. Rutas que difieren: {count}, la primera es «{path}».',
      hint: 'No se cambió nada. La versión allí está dañada o la están reemplazando; avise al encargado del servidor.',
    },
  },
  'rsync-mount-failed': {
    exit: 1,
    en: {
      text: '{place} could not be mounted: {reason}.',
      hint: 'Check that it is an image of a build (ISO 9660) that is complete. Where the kernel lacks the file system, ISO 9660 is read by bsdtar (Debian: apt install libarchive-tools); or mount it yourself and name the folder.',
    },
    es: {
      text: 'No se pudo montar {place}: {reason}.',
      hint: 'Revise que sea la imagen completa de una versión (ISO 9660). Si el núcleo no tiene el sistema de archivos, bsdtar lee ISO 9660 (Debian: apt install libarchive-tools); o móntela y nombre la carpeta.',
    },
  },
  'contents-unsigned': {
    exit: 4,
    en: {
      text: 'The contents manifest in {place} has no signature ("contents.sig").',
      hint: 'Nothing was changed. Use a signed medium; or, if you trust this one, go on with -f.',
    },
    es: {
      text: 'El manifiesto de contenido en {place} no tiene firma («contents.sig»).',
      hint: 'No se cambió nada. Use un medio firmado; o, si confía en este, siga con -f.',
    },
  },
  'contents-signature-wrong': {
    exit: 4,
    en: {
      text: 'The contents manifest in {place} is not signed by a key that this device trusts; it knows {count}.',
      hint: 'Trusted keys are the lines of {path} (the file lite.public beside the keys of the repository). Nothing was changed.',
    },
    es: {
      text: 'El manifiesto de contenido en {place} no está firmado con una clave en la que este equipo confíe; conoce {count}.',
      hint: 'Las claves de confianza son las líneas de {path} (el archivo lite.public junto a las claves del repositorio). No se cambió nada.',
    },
  },
  'usb-not-found': {
    exit: 3,
    en: {
      text: 'No update was found below {places}.',
      hint: 'Plug the drive in and wait until it is mounted, or name its folder or image: olpc-update --usb PATH.',
    },
    es: {
      text: 'No se encontró ninguna actualización debajo de {places}.',
      hint: 'Conecte la unidad y espere a que se monte, o nombre su carpeta o imagen: olpc-update --usb RUTA.',
    },
  },
  'usb-several': {
    exit: 2,
    en: {
      text: 'There are several updates: {paths}.',
      hint: 'Name the one that you want: olpc-update --usb PATH.',
    },
    es: {
      text: 'Hay varias actualizaciones: {paths}.',
      hint: 'Nombre la que quiere: olpc-update --usb RUTA.',
    },
  },
  'usb-name-unknown': {
    exit: 2,
    en: {
      text: 'Nothing in {place} tells the name of the build.',
      hint: 'Give it one: olpc-update --usb PATH NAME.',
    },
    es: {
      text: 'Nada en {place} dice el nombre de la versión.',
      hint: 'Déle uno: olpc-update --usb RUTA NOMBRE.',
    },
  },
  'rsync-address-wrong': {
    exit: 2,
    en: {
      text: '"{address}" is neither an rsync address of a file or directory nor an absolute path.',
      hint: 'Write it like rsync://schoolserver/build-py802-1/contents and rsync://schoolserver/build-py802-1/root/.',
    },
    es: {
      text: '«{address}» no es la dirección rsync de un archivo o carpeta ni una ruta absoluta.',
      hint: 'Escríbala como rsync://schoolserver/build-py802-1/contents y rsync://schoolserver/build-py802-1/root/.',
    },
  },
  'contents-opaque': {
    exit: 1,
    en: {
      text: '{path} is a manifest of the original type, or none at all: only its hash can be told.',
      hint: 'Nobody knows that type any more. Make a manifest of a tree with "olpc-contents-create".',
    },
    es: {
      text: '{path} es un manifiesto del tipo original, o no es ninguno: solo se puede decir su suma.',
      hint: 'Ya nadie conoce ese tipo. Cree el manifiesto de un árbol con «olpc-contents-create».',
    },
  },
  'rsync-changelog-unknown': {
    exit: 3,
    en: {
      text: '{place} has no changelog, and its manifest cannot be compared with what boots here.',
      hint: 'Ask its keeper, or install it: the version before stays on the device.',
    },
    es: {
      text: '{place} no tiene registro de cambios, y su manifiesto no se puede comparar con lo que arranca aquí.',
      hint: 'Pregunte a su encargado, o instálela: la versión anterior queda en el equipo.',
    },
  },
  'olpc-older': {
    exit: 4,
    en: {
      text: '{build} is older than {current}, which boots now.',
      hint: 'If you want to go back, use -f, or "satchel rollback" for the version that is still on the device.',
    },
    es: {
      text: '{build} es más vieja que {current}, que arranca ahora.',
      hint: 'Si quiere volver atrás, use -f, o «satchel rollback» para la versión que aún está en el equipo.',
    },
  },
  'server-not-understood': {
    exit: 2,
    en: {
      text: '{option}: "{value}" is not the address of a server.',
      hint: 'Write it like schoolserver, rsync://schoolserver:8730, http://site:8400 or file:///media/stick.',
    },
    es: {
      text: '{option}: «{value}» no es la dirección de un servidor.',
      hint: 'Escríbala como schoolserver, rsync://schoolserver:8730, http://sitio:8400 o file:///media/memoria.',
    },
  },
  'reboot-failed': {
    exit: 1,
    en: {
      text: 'The update is done, but the machine could not be restarted: {reason}.',
      hint: 'Restart it by hand: the new version is used from the next boot on.',
    },
    es: {
      text: 'La actualización está hecha, pero no se pudo reiniciar el equipo: {reason}.',
      hint: 'Reinícielo a mano: la versión nueva se usa desde el próximo arranque.',
    },
  },
  'device-not-versioned': {
    exit: 1,
    en: {
      text: 'This machine has no {path}, so it does not boot one of several versions.',
      hint: 'Run this on a device with a versioned disk, or name the root of one with --root DIR.',
    },
    es: {
      text: 'Este equipo no tiene {path}, así que no arranca una de varias versiones.',
      hint: 'Ejecútelo en un equipo con disco versionado, o nombre la raíz de uno con --root DIR.',
    },
  },
  'device-root-empty': {
    exit: 3,
    en: {
      text: '{root} is not a device: there is no {path}.',
      hint: 'Check the name after --root. To make a new device there: mkdir -p {path} (or go on with -f).',
    },
    es: {
      text: '{root} no es un equipo: no hay {path}.',
      hint: 'Revise el nombre después de --root. Para hacer allí un equipo nuevo: mkdir -p {path} (o siga con -f).',
    },
  },
  'usb-missing': {
    exit: 3,
    en: {
      text: 'There is nothing at {path}.',
      hint: 'Check the path; without one, olpc-update --usb looks below /media, /run/media and /mnt.',
    },
    es: {
      text: 'No hay nada en {path}.',
      hint: 'Revise la ruta; sin ella, olpc-update --usb busca debajo de /media, /run/media y /mnt.',
    },
  },
  'contents-tree-missing': {
    exit: 3,
    en: {
      text: 'There is no directory {path}.',
      hint: 'Name the root of the tree, as it lies on this machine.',
    },
    es: {
      text: 'No existe la carpeta {path}.',
      hint: 'Indique la raíz del árbol, tal como está en esta máquina.',
    },
  },
  'contents-file-missing': {
    exit: 3,
    en: {
      text: 'There is no file {path}.',
      hint: 'Name the manifest; "olpc-contents-create -f FILE DIR" makes one.',
    },
    es: {
      text: 'No existe el archivo {path}.',
      hint: 'Indique el manifiesto; «olpc-contents-create -f ARCHIVO DIR» crea uno.',
    },
  },
  'hints-wrong': {
    exit: 1,
    en: {
      text: '{file} holds no hints for this step from one build to the other.',
      hint: 'Hints are for one pair of builds. Remove the file or name another one, and it is written anew.',
    },
    es: {
      text: '{file} no contiene pistas para este paso de una versión a la otra.',
      hint: 'Las pistas son para un par de versiones. Borre el archivo o nombre otro, y se escribe de nuevo.',
    },
  },
  'hints-not-needed': {
    en: { text: 'The manifest tells what changes, so the hints are not needed.' },
    es: { text: 'El manifiesto dice qué cambia, así que no hacen falta las pistas.' },
  },
  'rsync-inhibit-why': {
    en: { text: 'The operating system is being updated.' },
    es: { text: 'Se está actualizando el sistema operativo.' },
  },
  'rsync-trying-again': {
    en: { text: 'The connection to {place} broke; it is made again, and goes on with what was received.' },
    es: { text: 'Se cortó la conexión con {place}; se hace de nuevo y sigue con lo ya recibido.' },
  },
  'rsync-without-attributes': {
    en: {
      text: '{place} cannot send ACLs and extended attributes; the build is installed without them.',
    },
    es: {
      text: '{place} no puede enviar ACL ni atributos extendidos; la versión se instala sin ellos.',
    },
  },
  'rsync-unsigned': {
    en: {
      text: 'Builds at {place} carry no signature: what comes is checked against the manifest there, and no more.',
    },
    es: {
      text: 'Las versiones de {place} no llevan firma: lo que viene se compara con el manifiesto de allí, y nada más.',
    },
  },
  'rsync-unsigned-unread': {
    en: {
      text: 'Builds at {place} carry no signature, and there is no manifest that can be read: what comes is compared with the tree there, and no more.',
    },
    es: {
      text: 'Las versiones de {place} no llevan firma y no hay manifiesto que se pueda leer: lo que viene se compara con el árbol de allí, y nada más.',
    },
  },
  'rsync-comparing': {
    en: {
      text: 'The manifest is of a type that cannot be read, so both trees are read and compared with {build}; this takes longer.',
    },
    es: {
      text: 'El manifiesto es de un tipo que no se puede leer: se leen y comparan los dos árboles con {build}; esto tarda más.',
    },
  },
  'rsync-base-unknown': {
    en: {
      text: 'Nothing was recorded about {build} when it was installed, so its files are read once; this takes longer.',
    },
    es: {
      text: 'No se registró nada de {build} al instalarla, así que se leen sus archivos una vez; esto tarda más.',
    },
  },
  'rsync-base-dirty': {
    en: {
      text: 'Paths of {build} that are not as they were installed: {count}; they are fetched too.',
    },
    es: {
      text: 'Rutas de {build} que no están como se instalaron: {count}; también se traen.',
    },
  },
  'rsync-fetching-again': {
    en: {
      text: 'Paths that are not as they should be: {count}; they are fetched once more from {place}.',
    },
    es: {
      text: 'Rutas que no están como deben: {count}; se traen de nuevo desde {place}.',
    },
  },
} as const satisfies MessageSet;
