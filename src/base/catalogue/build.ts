import type { MessageSet } from '../message.ts';

const damagedIndex = {
  en: 'The index is damaged or was not made by Satchel; fetch it again, or run "satchel fsck" on the repository.',
  es: 'El índice está dañado o no lo hizo Satchel; descárguelo otra vez o ejecute «satchel fsck» en el repositorio.',
} as const;

const remakeArchive = {
  en: 'Make the archive again from the tree, with paths relative to its top.',
  es: 'Vuelva a crear el archivo desde el árbol, con rutas relativas a su raíz.',
} as const;

/** Sentences of `src/build/`. */
export const buildMessages = {
  'index-newer': {
    exit: 1,
    en: {
      text: 'Line {line}: this index has format {format}; this program reads up to {newest}.',
      hint: 'Install a newer Satchel.',
    },
    es: {
      text: 'Línea {line}: este índice tiene el formato {format}; este programa lee hasta el {newest}.',
      hint: 'Instale un Satchel más nuevo.',
    },
  },
  'index-header-wrong': {
    exit: 1,
    en: { text: 'Line {line} is not the header of an index.', hint: damagedIndex.en },
    es: { text: 'La línea {line} no es el encabezado de un índice.', hint: damagedIndex.es },
  },
  'index-too-large': {
    exit: 1,
    en: {
      text: 'An index of {bytes} bytes is above the limit of {limit}.',
      hint: 'Check that the build is the right one; a tree of two million files stays below the limit.',
    },
    es: {
      text: 'Un índice de {bytes} bytes supera el límite de {limit}.',
      hint: 'Compruebe que sea la versión correcta; un árbol de dos millones de archivos no llega al límite.',
    },
  },
  'index-line-too-long': {
    exit: 1,
    en: { text: 'Line {line} of the index is longer than {limit} bytes.', hint: damagedIndex.en },
    es: { text: 'La línea {line} del índice tiene más de {limit} bytes.', hint: damagedIndex.es },
  },
  'index-cut-short': {
    exit: 1,
    en: { text: 'Line {line} of the index does not end: the index is cut short.', hint: damagedIndex.en },
    es: { text: 'La línea {line} del índice no termina: el índice está cortado.', hint: damagedIndex.es },
  },
  'index-line-not-canonical': {
    exit: 1,
    en: { text: 'Line {line} of the index is not written in the canonical form.', hint: damagedIndex.en },
    es: { text: 'La línea {line} del índice no está escrita en la forma canónica.', hint: damagedIndex.es },
  },
  'index-field-wrong': {
    exit: 1,
    en: {
      text: 'Line {line} of the index: the field "{field}" is missing or its value is not allowed.',
      hint: damagedIndex.en,
    },
    es: {
      text: 'Línea {line} del índice: el campo «{field}» falta o su valor no está permitido.',
      hint: damagedIndex.es,
    },
  },
  'index-path-wrong': {
    exit: 1,
    en: { text: 'Line {line} of the index: the path "{path}" is not allowed.', hint: damagedIndex.en },
    es: { text: 'Línea {line} del índice: la ruta «{path}» no está permitida.', hint: damagedIndex.es },
  },
  'index-chunks-wrong': {
    exit: 1,
    en: { text: 'Line {line} of the index: the chunks of "{path}" do not add up.', hint: damagedIndex.en },
    es: {
      text: 'Línea {line} del índice: los trozos de «{path}» no suman su tamaño.',
      hint: damagedIndex.es,
    },
  },
  'index-root-missing': {
    exit: 1,
    en: { text: 'Line {line} of the index should be the root directory.', hint: damagedIndex.en },
    es: { text: 'La línea {line} del índice debería ser el directorio raíz.', hint: damagedIndex.es },
  },
  'index-out-of-order': {
    exit: 1,
    en: { text: 'Line {line} of the index: "{path}" is out of order or repeated.', hint: damagedIndex.en },
    es: { text: 'Línea {line} del índice: «{path}» está fuera de orden o repetida.', hint: damagedIndex.es },
  },
  'index-parent-missing': {
    exit: 1,
    en: {
      text: 'Line {line} of the index: the parent of "{path}" is not a directory.',
      hint: damagedIndex.en,
    },
    es: { text: 'Línea {line} del índice: el padre de «{path}» no es un directorio.', hint: damagedIndex.es },
  },
  'index-link-wrong': {
    exit: 1,
    en: {
      text: 'Line {line} of the index: "{path}" is a hard link to something that is not an earlier file.',
      hint: damagedIndex.en,
    },
    es: {
      text: 'Línea {line} del índice: «{path}» es un enlace duro a algo que no es un archivo anterior.',
      hint: damagedIndex.es,
    },
  },
  'index-object-sizes-differ': {
    exit: 1,
    en: { text: 'The index gives two lengths for the content {sha256}.', hint: damagedIndex.en },
    es: { text: 'El índice da dos tamaños para el contenido {sha256}.', hint: damagedIndex.es },
  },
  'tree-path-escapes': {
    exit: 1,
    en: {
      text: 'The archive holds "{path}" (at byte {position}), which would lie outside the tree.',
      hint: remakeArchive.en,
    },
    es: {
      text: 'El archivo contiene «{path}» (en el byte {position}), que quedaría fuera del árbol.',
      hint: remakeArchive.es,
    },
  },
  'tree-path-impossible': {
    exit: 1,
    en: {
      text: 'The path "{path}" is too long for Linux, or holds a byte that no path can hold.',
      hint: 'Parts may have 255 bytes, whole paths 4096. Rename it in the tree.',
    },
    es: {
      text: 'La ruta «{path}» es demasiado larga para Linux o contiene un byte imposible.',
      hint: 'Cada parte admite 255 bytes y la ruta entera 4096. Cámbiele el nombre en el árbol.',
    },
  },
  'tree-through-symlink': {
    exit: 1,
    en: {
      text: 'The archive places "{path}" below the symbolic link "{parent}".',
      hint: 'Unpacking it would follow the link. Make the archive again from the tree itself.',
    },
    es: {
      text: 'El archivo coloca «{path}» debajo del enlace simbólico «{parent}».',
      hint: 'Al extraerlo se seguiría el enlace. Vuelva a crear el archivo desde el árbol mismo.',
    },
  },
  'tree-parent-not-directory': {
    exit: 1,
    en: {
      text: 'The archive places "{path}" below "{parent}", which is not a directory.',
      hint: remakeArchive.en,
    },
    es: {
      text: 'El archivo coloca «{path}» debajo de «{parent}», que no es un directorio.',
      hint: remakeArchive.es,
    },
  },
  'tree-directory-not-empty': {
    exit: 1,
    en: {
      text: 'The archive replaces the directory "{path}", which is not empty, by something else.',
      hint: remakeArchive.en,
    },
    es: {
      text: 'El archivo sustituye el directorio «{path}», que no está vacío, por otra cosa.',
      hint: remakeArchive.es,
    },
  },
  'tree-root-not-directory': {
    exit: 1,
    en: { text: 'The root of the tree ("{path}") is not a directory.', hint: remakeArchive.en },
    es: { text: 'La raíz del árbol («{path}») no es un directorio.', hint: remakeArchive.es },
  },
  'tree-link-escapes': {
    exit: 1,
    en: {
      text: 'The hard link "{path}" leads to "{link}", outside the tree.',
      hint: 'Make the archive again with paths relative to the top of the tree (tar without -P).',
    },
    es: {
      text: 'El enlace duro «{path}» lleva a «{link}», fuera del árbol.',
      hint: 'Vuelva a crear el archivo con rutas relativas a la raíz del árbol (tar sin -P).',
    },
  },
  'tree-link-missing': {
    exit: 1,
    en: {
      text: 'The hard link "{path}" leads to "{link}", which the archive does not hold before it.',
      hint: 'The archive is incomplete. Make it again from the tree.',
    },
    es: {
      text: 'El enlace duro «{path}» lleva a «{link}», que no está antes en el archivo.',
      hint: 'El archivo está incompleto. Vuelva a crearlo desde el árbol.',
    },
  },
  'tree-link-to-directory': {
    exit: 1,
    en: { text: 'The hard link "{path}" leads to the directory "{link}".', hint: remakeArchive.en },
    es: { text: 'El enlace duro «{path}» lleva al directorio «{link}».', hint: remakeArchive.es },
  },
  'tree-field-impossible': {
    exit: 1,
    en: {
      text: '"{path}": {field} has a value that Linux cannot hold.',
      hint: 'Correct it in the tree and make the archive again.',
    },
    es: {
      text: '«{path}»: {field} tiene un valor que Linux no admite.',
      hint: 'Corríjalo en el árbol y vuelva a crear el archivo.',
    },
  },
  'tree-content-wrong-length': {
    exit: 1,
    en: {
      text: 'The content of "{path}" has {bytes} bytes instead of {expected}.',
      hint: 'The archive is damaged. Copy it again from where it was made.',
    },
    es: {
      text: 'El contenido de «{path}» tiene {bytes} bytes en lugar de {expected}.',
      hint: 'El archivo está dañado. Cópielo otra vez desde su origen.',
    },
  },
  'tree-too-large': {
    exit: 1,
    en: {
      text: 'The tree is too large: its index would have more than {limit} bytes.',
      hint: 'Check that the source is the right one; a tree of two million files stays below the limit.',
    },
    es: {
      text: 'El árbol es demasiado grande: su índice tendría más de {limit} bytes.',
      hint: 'Compruebe que el origen sea el correcto; un árbol de dos millones de archivos no llega al límite.',
    },
  },
  'tree-path-repeated': {
    en: { text: 'The archive holds "{path}" more than once; the last one is used, as tar does.' },
    es: { text: 'El archivo contiene «{path}» más de una vez; se usa la última, como hace tar.' },
  },
  'tree-paths-repeated': {
    en: { text: 'The archive holds {count} more paths more than once; the last ones are used.' },
    es: { text: 'El archivo contiene otras {count} rutas más de una vez; se usan las últimas.' },
  },
  'tree-pristine-used': {
    en: { text: 'The build is the tree below "{path}"; everything else is left out.' },
    es: { text: 'La versión es el árbol debajo de «{path}»; todo lo demás se omite.' },
  },
  'tree-versions-dropped': {
    en: { text: 'The top-level directory "versions" is left out, as the old publisher did.' },
    es: { text: 'El directorio «versions» de la raíz se omite, como hacía el publicador antiguo.' },
  },
  'tree-socket-skipped': {
    en: { text: 'The socket "{path}" is left out: a build cannot carry it.' },
    es: { text: 'El socket «{path}» se omite: una versión no puede llevarlo.' },
  },
  'tree-sockets-skipped': {
    en: { text: '{count} more sockets are left out.' },
    es: { text: 'Se omiten otros {count} sockets.' },
  },
  'tree-mount-skipped': {
    en: { text: '"{path}" is another file system; what is in it is left out.' },
    es: { text: '«{path}» es otro sistema de archivos; lo que contiene se omite.' },
  },
  'tree-mounts-skipped': {
    en: { text: '{count} more places with another file system are left out.' },
    es: { text: 'Se omiten otros {count} lugares con otro sistema de archivos.' },
  },
  'tree-changed-while-read': {
    exit: 1,
    en: {
      text: '"{path}" changed while it was read.',
      hint: 'Publish a tree that nothing writes to; stop what writes there and run the command again.',
    },
    es: {
      text: '«{path}» cambió mientras se leía.',
      hint: 'Publique un árbol en el que nada escriba; detenga lo que escribe ahí y repita la orden.',
    },
  },
  'source-not-found': {
    exit: 3,
    en: {
      text: 'There is no archive, directory or set of build files at {path}.',
      hint: 'Give a tar, a directory, the common prefix of the four files, or "-" for standard input.',
    },
    es: {
      text: 'No hay archivo, directorio ni juego de archivos de versión en {path}.',
      hint: 'Indique un tar, un directorio, el prefijo común de los cuatro archivos, o «-» para la entrada estándar.',
    },
  },
  'source-not-readable': {
    exit: 2,
    en: {
      text: '{path} is neither a file nor a directory.',
      hint: 'Give a tar, a directory, or "-" for standard input.',
    },
    es: {
      text: '{path} no es un archivo ni un directorio.',
      hint: 'Indique un tar, un directorio, o «-» para la entrada estándar.',
    },
  },
  'source-empty': {
    exit: 1,
    en: {
      text: 'The source holds no file and no folder, so it is no build that a device could run.',
      hint: 'Check that it is the right one, and that what made it ended well.',
    },
    es: {
      text: 'La fuente no contiene ningún archivo ni carpeta; no es una versión que un equipo pueda usar.',
      hint: 'Compruebe que sea la correcta, y que lo que la creó terminó bien.',
    },
  },
  'source-holds-folder': {
    exit: 2,
    en: {
      text: '{path} and {folder} lie one inside the other; a build must not carry the repository or its keys.',
      hint: 'Publish another directory, or move the repository and its keys out of this one.',
    },
    es: {
      text: '{path} y {folder} están uno dentro del otro; una versión no debe llevar el repositorio ni sus claves.',
      hint: 'Publique otro directorio, o saque de este el repositorio y sus claves.',
    },
  },
  'source-name-missing': {
    exit: 2,
    en: {
      text: 'The build from {path} has no name.',
      hint: 'Give one with --name.',
    },
    es: {
      text: 'La versión de {path} no tiene nombre.',
      hint: 'Indique uno con --name.',
    },
  },
  'source-is-link': {
    exit: 1,
    en: {
      text: '{path} is a symlink, which is not followed in a directory that others may write.',
      hint: 'Put the file itself there.',
    },
    es: {
      text: '{path} es un enlace simbólico, y no se sigue en un directorio donde pueden escribir otros.',
      hint: 'Ponga allí el archivo mismo.',
    },
  },
  'source-not-regular': {
    exit: 1,
    en: { text: '{path} is not a regular file.', hint: 'Put the file itself there.' },
    es: { text: '{path} no es un archivo común.', hint: 'Ponga allí el archivo mismo.' },
  },
  'source-side-file-too-large': {
    exit: 1,
    en: {
      text: '{path} has {bytes} bytes, above the limit of {limit}.',
      hint: 'Check that it is the right file.',
    },
    es: {
      text: '{path} tiene {bytes} bytes, más que el límite de {limit}.',
      hint: 'Compruebe que sea el archivo correcto.',
    },
  },
  'source-md5-wrong': {
    exit: 1,
    en: {
      text: '{path} has the MD5 {found}, but {md5Path} says {expected}.',
      hint: 'The archive is damaged or is another one. Copy it again together with its .md5.',
    },
    es: {
      text: '{path} tiene el MD5 {found}, pero {md5Path} dice {expected}.',
      hint: 'El archivo está dañado o es otro. Cópielo otra vez junto con su .md5.',
    },
  },
  'source-md5-unreadable': {
    exit: 1,
    en: {
      text: '{md5Path} does not hold an MD5 of {path}.',
      hint: 'Make it again with "md5sum", or remove it to publish without this check.',
    },
    es: {
      text: '{md5Path} no contiene un MD5 de {path}.',
      hint: 'Vuelva a crearlo con «md5sum», o quítelo para publicar sin esta comprobación.',
    },
  },
  'contents-damaged': {
    exit: 1,
    en: {
      text: 'The contents file {path} is damaged: byte {position} makes no sense there.',
      hint: 'Make the contents file again from this tree, or leave it out.',
    },
    es: {
      text: 'El archivo de contenido {path} está dañado: el byte {position} no tiene sentido allí.',
      hint: 'Vuelva a crear el archivo de contenido desde este árbol, o déjelo fuera.',
    },
  },
  'contents-do-not-match': {
    exit: 1,
    en: {
      text: 'The contents file does not match the tree: "{path}" differs.',
      hint: 'Make the contents file again from this tree, or leave it out.',
    },
    es: {
      text: 'El archivo contents no coincide con el árbol: «{path}» difiere.',
      hint: 'Vuelva a crear el archivo contents desde este árbol, o no lo incluya.',
    },
  },
} as const satisfies MessageSet;
