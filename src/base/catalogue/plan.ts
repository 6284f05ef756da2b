import type { MessageSet } from '../message.ts';

/** Sentences of `src/plan/`. */
export const planMessages = {
  'stage-never-ends': {
    exit: 1,
    en: {
      text: 'The old version on this device changes while it is read.',
      hint: 'Stop whatever writes below versions/pristine and run the same command again.',
    },
    es: {
      text: 'La versión anterior de este equipo cambia mientras se lee.',
      hint: 'Detenga lo que escribe en versions/pristine y repita la orden.',
    },
  },
  'source-sends-wrong-bytes': {
    exit: 1,
    en: {
      text: '{source} sends wrong bytes for {file}, twice; nothing of it was used.',
      hint: 'Use another source with --source, or ask its operator to run "satchel fsck".',
    },
    es: {
      text: '{source} envía bytes incorrectos de {file}, dos veces; no se usó nada.',
      hint: 'Use otro origen con --source, o pida a su operador que ejecute «satchel fsck».',
    },
  },
  'plan-over-budget': {
    exit: 4,
    en: {
      text: '{build} needs at least {bytes} from the source; of what the call allows {limit} are left.',
      hint: 'Allow more with --max-bytes, or use a source that costs nothing, such as a stick.',
    },
    es: {
      text: '{build} necesita al menos {bytes} del origen; de lo que la orden permite quedan {limit}.',
      hint: 'Permita más con --max-bytes, o use un origen sin costo, como una memoria USB.',
    },
  },
  'plan-over-month': {
    exit: 4,
    en: {
      text: 'The update to {build} needs {bytes} from the source; of the {budget} for {month} (UTC) {left} are left.',
      hint: 'The next month begins on {next}. Allow more with "satchel device set --monthly-bytes SIZE", or use a source that costs nothing, such as a stick.',
    },
    es: {
      text: 'La actualización a {build} necesita {bytes} del origen; de los {budget} para {month} (UTC) quedan {left}.',
      hint: 'El próximo mes empieza el {next}. Permita más con «satchel device set --monthly-bytes TAMAÑO», o use un origen sin costo, como una memoria USB.',
    },
  },
  'data-budget-spent': {
    exit: 4,
    en: {
      text: 'The data budget of {budget} for {month} (UTC) is spent: {used} have been received. Nothing more is fetched; what was received is kept.',
      hint: 'The next month begins on {next}: the same command goes on then. Allow more with "satchel device set --monthly-bytes SIZE", or use a source that costs nothing, such as a stick.',
    },
    es: {
      text: 'El presupuesto de datos de {budget} para {month} (UTC) está gastado: se recibieron {used}. No se descarga nada más; lo recibido se conserva.',
      hint: 'El próximo mes empieza el {next}: entonces la misma orden continúa. Permita más con «satchel device set --monthly-bytes TAMAÑO», o use un origen sin costo, como una memoria USB.',
    },
  },
  'chain-of-no-use': {
    en: { text: 'The two deltas to {build} by way of {via} prove to be of no use; another way is taken.' },
    es: { text: 'Los dos deltas hacia {build} pasando por {via} no sirven; se toma otro camino.' },
  },
  'plan-no-space': {
    exit: 4,
    en: {
      text: 'The update to {build} needs {disk} of disk and {reserve} in reserve; {free} are free.',
      hint: 'Free some space, or let the old version go first with --reclaim. Where even that is too little, --in-place replaces the running version at the next start.',
    },
    es: {
      text: 'La actualización a {build} necesita {disk} de disco y {reserve} de reserva; hay {free} libres.',
      hint: 'Libere espacio, o elimine antes la versión anterior con --reclaim. Si ni así alcanza, --in-place reemplaza la versión en uso en el próximo arranque.',
    },
  },
  'plan-no-inodes': {
    exit: 4,
    en: {
      text: 'The update to {build} makes {inodes} new files; the file system has room for {free}.',
      hint: 'Remove files, or let the old version go first with --reclaim.',
    },
    es: {
      text: 'La actualización a {build} crea {inodes} archivos; el sistema de archivos admite {free}.',
      hint: 'Elimine archivos, o quite antes la versión anterior con --reclaim.',
    },
  },
  'client-too-old': {
    exit: 1,
    en: {
      text: 'The build {build} asks for Satchel {wanted} or newer; this is {version}.',
      hint: 'Update to an earlier build that brings a newer Satchel first.',
    },
    es: {
      text: 'La versión {build} requiere Satchel {wanted} o posterior; este es {version}.',
      hint: 'Actualice primero a una versión anterior que traiga un Satchel más nuevo.',
    },
  },
  'updates-switched-off': {
    exit: 4,
    en: {
      text: 'Updates are switched off on this device: its stream is "none".',
      hint: 'Name a build or a stream, or change the stream file that says "none".',
    },
    es: {
      text: 'Las actualizaciones están desactivadas en este equipo: su canal es «none».',
      hint: 'Indique una versión o un canal, o cambie el archivo de canal que dice «none».',
    },
  },
  'stream-names-unsigned-build': {
    exit: 1,
    en: {
      text: 'The stream "{stream}" of {source} names a build that its owners have not signed: {build}.',
      hint: 'Do not install it. Tell the people who run the repository.',
    },
    es: {
      text: 'El canal «{stream}» de {source} nombra una versión no firmada por sus dueños: {build}.',
      hint: 'No la instale. Avise a quienes administran el repositorio.',
    },
  },
  'base-damaged': {
    en: {
      text: '{count} files of the installed build {build} are not as they were published; they are fetched instead of copied: {paths}',
    },
    es: {
      text: '{count} archivos de la versión instalada {build} no están como se publicaron; se descargan en vez de copiarse: {paths}',
    },
  },
  'ownership-owed': {
    en: {
      text: 'Not run as root: owners, devices or protected attributes of {count} files of {build} could not be set; this is recorded.',
    },
    es: {
      text: 'Sin permisos de root: no se pudieron aplicar dueños, equipos o atributos protegidos de {count} archivos de {build}; queda registrado.',
    },
  },
  'reclaimed-first': {
    en: {
      text: 'Removed the version {build} first to make room, as --reclaim asks; there is no way back until the next version is kept.',
    },
    es: {
      text: 'Se eliminó primero la versión {build} para hacer lugar, como pide --reclaim; no hay vuelta atrás hasta que se conserve la próxima versión.',
    },
  },
  'source-is-older': {
    en: { text: '{source} has older metadata than this device has seen; only its files are used.' },
    es: {
      text: '{source} tiene metadatos más viejos que los que este equipo ha visto; solo se usan sus archivos.',
    },
  },
  'device-not-initialised': {
    exit: 3,
    en: {
      text: '{root} is not a device yet.',
      hint: 'Run "satchel device init --root {root} --source URL --trust SHA256" first.',
    },
    es: {
      text: '{root} todavía no es un equipo.',
      hint: 'Ejecute antes «satchel device init --root {root} --source URL --trust SHA256».',
    },
  },
  'device-without-source': {
    exit: 3,
    en: {
      text: '{root} follows no repository.',
      hint: 'What came through rsync or from a drive is updated and made whole by "olpc-update BUILD"; -f installs it anew. To follow a repository run "satchel device init --root {root} --source URL --trust SHA256".',
    },
    es: {
      text: '{root} no sigue ningún repositorio.',
      hint: 'Lo que vino por rsync o de una unidad se actualiza y se completa con «olpc-update VERSIÓN»; -f la instala de nuevo. Para seguir un repositorio ejecute «satchel device init --root {root} --source URL --trust SHA256».',
    },
  },
  'build-name-reused': {
    exit: 1,
    en: {
      text: 'The source offers other content under the name {name}, which is the version that this device runs.',
      hint: 'Ask the people who run the repository to publish it under a new name.',
    },
    es: {
      text: 'El origen ofrece otro contenido con el nombre {name}, que es la versión en uso en este equipo.',
      hint: 'Pida a quienes administran el repositorio que la publiquen con otro nombre.',
    },
  },
  'staged-tree-damaged': {
    exit: 1,
    en: {
      text: '{count} files of {build} are not on the disk as they were written, the first is {path}. The device still boots what it did.',
      hint: 'The disk may be failing: look at the kernel log before you try again.',
    },
    es: {
      text: '{count} archivos de {build} no quedaron en el disco como se escribieron; el primero es {path}. El equipo sigue arrancando lo mismo.',
      hint: 'El disco puede estar fallando: revise el registro del núcleo antes de reintentar.',
    },
  },
  'trust-not-decided': {
    exit: 4,
    en: {
      text: 'Nothing says whom this device is to trust: {source} could be anybody.',
      hint: 'Give the hash that "satchel init" printed with --trust, or --trust-on-first-use to compare it by eye.',
    },
    es: {
      text: 'Nada dice en quién debe confiar este equipo: {source} podría ser cualquiera.',
      hint: 'Indique con --trust la suma que mostró «satchel init», o --trust-on-first-use para compararla a la vista.',
    },
  },
  'nothing-installed': {
    exit: 3,
    en: { text: 'Nothing is installed on {root} yet.', hint: 'Run "satchel update --root {root}" first.' },
    es: {
      text: 'Todavía no hay nada instalado en {root}.',
      hint: 'Ejecute antes «satchel update --root {root}».',
    },
  },
} as const satisfies MessageSet;
