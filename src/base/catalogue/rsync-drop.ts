import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** Sentences about the drop directory and the commands of the old publisher. */
export const rsyncDropMessages = {
  'drop-directory-unreadable': {
    exit: 1,
    en: {
      text: 'The drop directory {directory} is not there or cannot be read.',
      hint: 'Mount its disk, or make the directory; nothing is withdrawn meanwhile.',
    },
    es: {
      text: 'El directorio de entrega {directory} no existe o no se puede leer.',
      hint: 'Monte su disco o cree el directorio; mientras tanto no se retira nada.',
    },
  },
  'drop-directory-empty': {
    exit: 4,
    en: {
      text: 'The drop directory {directory} is another one than before and empty; {count} builds that came from it stay.',
      hint: 'Mount its disk. If they shall all go, run "satchel xs-refresh-xobuilds --force".',
    },
    es: {
      text: 'El directorio de entrega {directory} no es el de antes y está vacío; las {count} versiones que vinieron de él se quedan.',
      hint: 'Monte su disco. Si todas deben irse, ejecute «satchel xs-refresh-xobuilds --force».',
    },
  },
  'drop-busy': words(
    'Process {process} is refreshing the drop directory; waiting until it is done.',
    'El proceso {process} está actualizando el directorio de entrega; se espera a que termine.',
  ),
  'drop-name-empty': words(
    'The file {file} is empty: its first line has to be the public name of the build.',
    'El archivo {file} está vacío: su primera línea debe ser el nombre público de la versión.',
  ),
  'drop-name-not-allowed': {
    exit: 1,
    en: {
      text: 'The first line of the file {file} is no name that a build may have.',
      hint: 'Use 1 to 64 letters, digits, ".", "_", "+" or "-", starting with a letter or digit.',
    },
    es: {
      text: 'La primera línea del archivo {file} no es un nombre que pueda tener una versión.',
      hint: 'Use de 1 a 64 letras, dígitos, «.», «_», «+» o «-», empezando con letra o dígito.',
    },
  },
  'drop-file-link': {
    exit: 1,
    en: {
      text: '{file} in the drop directory is a symlink, which is not followed.',
      hint: 'Put the file itself there: a link could lead to any file of this machine.',
    },
    es: {
      text: '{file} en el directorio de entrega es un enlace simbólico, y no se sigue.',
      hint: 'Ponga allí el archivo mismo: un enlace podría llevar a cualquier archivo de esta máquina.',
    },
  },
  'drop-set-incomplete': words('{set} waits for its file {missing}.', '{set} espera su archivo {missing}.'),
  'drop-set-changing': words(
    'The files of {set} are still being copied.',
    'Los archivos de {set} todavía se están copiando.',
  ),
  'drop-contents-cut-short': {
    exit: 1,
    en: { text: 'The manifest {path} is cut short.', hint: 'Copy it again.' },
    es: { text: 'El manifiesto {path} está incompleto.', hint: 'Cópielo otra vez.' },
  },
  'drop-name-taken': {
    exit: 1,
    en: {
      text: 'The file {set}.name gives the public name {name}, which {other}.name gives too.',
      hint: 'Change the first line of one of the two, or remove it.',
    },
    es: {
      text: 'El archivo {set}.name da el nombre público {name}, que también da {other}.name.',
      hint: 'Cambie la primera línea de uno de los dos, o bórrelo.',
    },
  },
  'drop-set-changed': {
    exit: 1,
    en: {
      text: 'The files of {set} have changed since {name} was published; what was published stays.',
      hint: 'Give the new files a new public name, or run "satchel xs-refresh-xobuilds --force" to replace the build.',
    },
    es: {
      text: 'Los archivos de {set} cambiaron desde que se publicó {name}; lo publicado se queda.',
      hint: 'Dé a los archivos nuevos otro nombre público, o ejecute «satchel xs-refresh-xobuilds --force» para reemplazar la versión.',
    },
  },
  'drop-set-unsigned': {
    en: {
      text: '{set}: the build {name} is stored and waits for the signature of an offline key: {path}.',
      hint: 'Run "satchel keys sign" where the key is, then "satchel keys submit" here.',
    },
    es: {
      text: '{set}: la versión {name} está guardada y espera la firma de una clave sin conexión: {path}.',
      hint: 'Ejecute «satchel keys sign» donde está la clave, y luego «satchel keys submit» aquí.',
    },
  },
  'drop-withdrawal-unsigned': {
    en: {
      text: 'Withdrawing {name} waits for the signature of an offline key: {path}.',
      hint: 'Run "satchel keys sign" where the key is, then "satchel keys submit" here.',
    },
    es: {
      text: 'Retirar {name} espera la firma de una clave sin conexión: {path}.',
      hint: 'Ejecute «satchel keys sign» donde está la clave, y luego «satchel keys submit» aquí.',
    },
  },
  'drop-replacement-unsigned': {
    exit: 1,
    en: {
      text: '{name} can be replaced only after it has been withdrawn, and that waits for the signature of an offline key: {path}.',
      hint: 'Run "satchel keys sign" where the key is, then "satchel keys submit" here, then refresh again.',
    },
    es: {
      text: '{name} solo se puede reemplazar una vez retirada, y eso espera la firma de una clave sin conexión: {path}.',
      hint: 'Ejecute «satchel keys sign» donde está la clave, luego «satchel keys submit» aquí, y actualice otra vez.',
    },
  },
  'drop-trouble-unknown': words(
    'Another version of Satchel wrote down a problem that this one does not know: {code}.',
    'Otra versión de Satchel anotó un problema que esta no conoce: {code}.',
  ),
  'drop-problem': words('{set}: {reason}', '{set}: {reason}'),
  'drop-published': words(
    'Published {names} from the drop directory.',
    'Se publicó {names} desde el directorio de entrega.',
  ),
  'drop-withdrawn': words(
    'Withdrew {names}: no .name file in the drop directory gives that name any more.',
    'Se retiró {names}: ningún archivo .name del directorio de entrega da ya ese nombre.',
  ),
  'drop-bug': words(
    'Refreshing the drop directory failed: {reason}',
    'Falló la actualización del directorio de entrega: {reason}',
  ),

  'help-xs-refresh-xobuilds': words(
    'publish and withdraw builds as the drop directory says',
    'publica y retira versiones según el directorio de entrega',
  ),
  'help-xs-refresh-xobuildlist': words(
    'another name of xs-refresh-xobuilds',
    'otro nombre de xs-refresh-xobuilds',
  ),
  'help-xs-publish-xobuild': words(
    'publish one packed build under a name',
    'publica una versión empaquetada con un nombre',
  ),
  'option-rsync-dir': words(
    'the directory of everything for rsync clients (default: beside the repository, DIR.rsync)',
    'el directorio de todo lo que es para clientes rsync (por omisión: junto al repositorio, DIR.rsync)',
  ),
  'option-drop-force': words(
    'read all files again, replace builds whose files have changed',
    'lee otra vez todos los archivos y reemplaza las versiones que cambiaron',
  ),
  'option-drop-rebuildconfig': words(
    "write the rsync daemon's configuration again, even if nothing has changed",
    'escribe otra vez la configuración de rsync, aunque nada haya cambiado',
  ),
  'option-xs-statedir': words(
    'was for the states of fakeroot; owners and modes are now kept in the trees, so that it is only mentioned',
    'era para los estados de fakeroot; dueños y permisos se guardan ahora en los árboles, así que solo se menciona',
  ),
  'option-xs-tmpdir': words(
    'where packs are written before they are put into the repository',
    'dónde se escriben los paquetes antes de ponerlos en el repositorio',
  ),
  'option-xs-force': words(
    'replace the build if the name stands for other content',
    'reemplaza la versión si el nombre tiene otro contenido',
  ),
  'option-xs-verbose': words(
    'also say the contents hash and what was stored',
    'dice también la suma del contenido y lo que se guardó',
  ),
  'option-xs-onlyfakerootstate': words(
    'publish nothing: write what the rsync daemon reads again, which is now its configuration',
    'no publica nada: escribe otra vez lo que lee rsync, que ahora es su configuración',
  ),
  'argument-xs-buildfile': words(
    'the archive; its .md5 and .contents lie beside it',
    'el archivo; su .md5 y su .contents están al lado',
  ),
  'argument-xs-name': words('the public name of the build', 'el nombre público de la versión'),
  'argument-xs-destdir': words(
    "where trees were unpacked; they are now made when they are asked for, in the server's rsync directory",
    'dónde se desempaquetaban los árboles; ahora se crean cuando se piden, en el directorio rsync del servidor',
  ),
  'xs-statedir-unused': words(
    'No fakeroot state is written to {directory}: owners and modes are kept in the trees themselves.',
    'No se escribe ningún estado de fakeroot en {directory}: dueños y permisos se guardan en los árboles mismos.',
  ),
  'xs-destdir-unused': words(
    'No tree is written to {directory}: it is made in {builds} when the first client asks for it.',
    'No se escribe ningún árbol en {directory}: se crea en {builds} cuando lo pide el primer cliente.',
  ),
  'xs-set-incomplete': {
    exit: 3,
    en: {
      text: 'The file {missing} that belongs to {path} is not there.',
      hint: 'An archive is published together with its .md5 and its .contents beside it.',
    },
    es: {
      text: 'No está el archivo {missing} que pertenece a {path}.',
      hint: 'Un archivo se publica junto con su .md5 y su .contents, que deben estar al lado.',
    },
  },
  'xs-name-not-understood': {
    exit: 2,
    en: {
      text: 'The name of {path} is not that of a packed build.',
      hint: 'It has to end in -tree.tar.bz2, -tree.tar.lzma, -tree.tar.xz or another spelling of "satchel publish".',
    },
    es: {
      text: 'El nombre de {path} no es el de una versión empaquetada.',
      hint: 'Debe terminar en -tree.tar.bz2, -tree.tar.lzma, -tree.tar.xz u otra forma de «satchel publish».',
    },
  },
  'result-drop': words(
    '{directory}: {published} published, {withdrawn} withdrawn, {kept} as before.',
    '{directory}: {published} publicadas, {withdrawn} retiradas, {kept} como antes.',
  ),
  'result-drop-published': words('Published: {name}', 'Publicada: {name}'),
  'result-drop-withdrawn': words('Withdrawn: {name}', 'Retirada: {name}'),
  'result-drop-waits': words('Waits: {reason}', 'Espera: {reason}'),
  'result-drop-problem': words('Problem: {reason}', 'Problema: {reason}'),
  'result-xs-hash': words('Contents hash: {hash}', 'Suma del contenido: {hash}'),
  'result-drop-configuration': words('Wrote {path}.', 'Se escribió {path}.'),

  'page-drop': words('Drop directory', 'Directorio de entrega'),
  'page-drop-explained': words(
    'What keeps files in the drop directory from being served.',
    'Lo que impide servir archivos del directorio de entrega.',
  ),
} as const satisfies MessageSet;
