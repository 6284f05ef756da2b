import type { MessageSet } from '../message.ts';

/** Hint for an archive that arrived incomplete or damaged. */
const fetchAgain = {
  en: 'Copy or download the archive again and compare its checksum.',
  es: 'Copie o descargue otra vez el archivo y compare su suma de control.',
};

/** Hint for an archive that was made in a way that cannot be carried. */
const makeAgain = {
  en: 'Make the archive again, for example with "tar --format=posix --numeric-owner --xattrs --acls -c".',
  es: 'Cree de nuevo el archivo, por ejemplo con «tar --format=posix --numeric-owner --xattrs --acls -c».',
};

/** Sentences of `src/formats/`. Positions are byte offsets in the uncompressed archive. */
export const formatsMessages = {
  'archive-not-tar': {
    exit: 1,
    en: {
      text: 'This is not a tar archive: its first 512 bytes are no tar header.',
      hint: 'Give a tar archive, plain or compressed with gzip, bzip2, xz, lzma or zstd.',
    },
    es: {
      text: 'Esto no es un archivo tar: sus primeros 512 bytes no son una cabecera tar.',
      hint: 'Dé un archivo tar, sin comprimir o comprimido con gzip, bzip2, xz, lzma o zstd.',
    },
  },
  'archive-truncated': {
    exit: 1,
    en: {
      text: 'The archive is cut short: it ends after {length} bytes, inside "{member}", which starts at byte {position}.',
      hint: fetchAgain.en,
    },
    es: {
      text: 'El archivo está cortado: termina tras {length} bytes, dentro de «{member}», que empieza en el byte {position}.',
      hint: fetchAgain.es,
    },
  },
  'archive-end-missing': {
    exit: 1,
    en: {
      text: 'The archive is cut short: it ends after {length} bytes without its end marker (two blocks of zeros); the last member is "{member}".',
      hint: fetchAgain.en,
    },
    es: {
      text: 'El archivo está cortado: termina tras {length} bytes sin su marca de fin (dos bloques de ceros); el último miembro es «{member}».',
      hint: fetchAgain.es,
    },
  },
  'archive-padding-too-long': {
    exit: 1,
    en: {
      text: 'After the end of the archive at byte {position} come more than {limit} bytes of zeros.',
      hint: 'What was given is a disk or a device rather than an archive, or it was copied wrongly: make it again.',
    },
    es: {
      text: 'Tras el final del archivo tar, en el byte {position}, vienen más de {limit} bytes de ceros.',
      hint: 'Lo que se dio es un disco o un dispositivo y no un archivo tar, o se copió mal: vuelva a crearlo.',
    },
  },
  'archive-data-after-end': {
    exit: 1,
    en: {
      text: 'Something follows the end marker of the archive, at byte {position}.',
      hint: 'Two archives were joined, or the file is damaged. Join archives with "tar --concatenate" instead.',
    },
    es: {
      text: 'Hay algo después de la marca de fin del archivo, en el byte {position}.',
      hint: 'Se unieron dos archivos o está dañado. Una archivos con «tar --concatenate».',
    },
  },
  'archive-length-uneven': {
    exit: 1,
    en: {
      text: 'The archive is cut short: its length of {length} bytes is not a multiple of 512.',
      hint: fetchAgain.en,
    },
    es: {
      text: 'El archivo está cortado: su longitud de {length} bytes no es múltiplo de 512.',
      hint: fetchAgain.es,
    },
  },
  'archive-header-damaged': {
    exit: 1,
    en: {
      text: 'The archive is damaged: no valid tar header at byte {position}, after "{member}".',
      hint: fetchAgain.en,
    },
    es: {
      text: 'El archivo está dañado: no hay una cabecera tar válida en el byte {position}, después de «{member}».',
      hint: fetchAgain.es,
    },
  },
  'archive-number-invalid': {
    exit: 1,
    en: {
      text: 'The archive is damaged: "{value}" is not a valid {field} for "{member}" at byte {position}.',
      hint: fetchAgain.en,
    },
    es: {
      text: 'El archivo está dañado: «{value}» no es un valor válido de {field} para «{member}» en el byte {position}.',
      hint: fetchAgain.es,
    },
  },
  'archive-extension-invalid': {
    exit: 1,
    en: {
      text: 'The archive is damaged: the extended header at byte {position} is not made of "length keyword=value" records.',
      hint: fetchAgain.en,
    },
    es: {
      text: 'El archivo está dañado: la cabecera extendida en el byte {position} no consta de registros «longitud clave=valor».',
      hint: fetchAgain.es,
    },
  },
  'archive-extension-too-large': {
    exit: 4,
    en: {
      text: 'The extended header at byte {position} of the archive has {size} bytes; at most {limit} are accepted.',
      hint: makeAgain.en,
    },
    es: {
      text: 'La cabecera extendida en el byte {position} del archivo tiene {size} bytes; se aceptan como máximo {limit}.',
      hint: makeAgain.es,
    },
  },
  'archive-name-missing': {
    exit: 1,
    en: { text: 'The archive has a member without a name at byte {position}.', hint: makeAgain.en },
    es: { text: 'El archivo tiene un miembro sin nombre en el byte {position}.', hint: makeAgain.es },
  },
  'archive-name-with-nul': {
    exit: 1,
    en: {
      text: 'A name in the archive holds a zero byte: "{member}" at byte {position}.',
      hint: makeAgain.en,
    },
    es: {
      text: 'Un nombre del archivo contiene un byte cero: «{member}» en el byte {position}.',
      hint: makeAgain.es,
    },
  },
  'archive-name-too-long': {
    exit: 4,
    en: {
      text: 'A name in the archive has {size} bytes, more than the {limit} that Linux takes: "{member}" at byte {position}.',
      hint: 'Shorten the path in the tree and make the archive again.',
    },
    es: {
      text: 'Un nombre del archivo tiene {size} bytes, más de los {limit} que Linux admite: «{member}» en el byte {position}.',
      hint: 'Acorte la ruta en el árbol y cree de nuevo el archivo.',
    },
  },
  'archive-link-missing': {
    exit: 1,
    en: {
      text: 'The link "{member}" at byte {position} of the archive has no target.',
      hint: makeAgain.en,
    },
    es: {
      text: 'El enlace «{member}» en el byte {position} del archivo no tiene destino.',
      hint: makeAgain.es,
    },
  },
  'archive-type-unsupported': {
    exit: 4,
    en: {
      text: 'The archive holds "{member}" at byte {position} with the type "{type}", which is not supported.',
      hint: makeAgain.en,
    },
    es: {
      text: 'El archivo contiene «{member}» en el byte {position} con el tipo «{type}», que no se admite.',
      hint: makeAgain.es,
    },
  },
  'archive-incremental': {
    exit: 4,
    en: {
      text: 'This is an incremental backup ("{member}" at byte {position}), not a whole tree.',
      hint: 'Make the archive again without --listed-incremental or --incremental.',
    },
    es: {
      text: 'Esta es una copia incremental («{member}» en el byte {position}), no un árbol completo.',
      hint: 'Cree de nuevo el archivo sin --listed-incremental ni --incremental.',
    },
  },
  'archive-multi-volume': {
    exit: 4,
    en: {
      text: 'This is one volume of a multi-volume archive ("{member}" at byte {position}).',
      hint: 'Make the archive again without --multi-volume.',
    },
    es: {
      text: 'Este es un volumen de un archivo de varios volúmenes («{member}» en el byte {position}).',
      hint: 'Cree de nuevo el archivo sin --multi-volume.',
    },
  },
  'archive-sparse-invalid': {
    exit: 1,
    en: {
      text: 'The archive is damaged: the map of the sparse file "{member}" at byte {position} does not fit its content.',
      hint: fetchAgain.en,
    },
    es: {
      text: 'El archivo está dañado: el mapa del archivo disperso «{member}» en el byte {position} no concuerda con su contenido.',
      hint: fetchAgain.es,
    },
  },
  'archive-attribute-invalid': {
    exit: 1,
    en: {
      text: 'The extended attribute "{name}" of "{member}" at byte {position} of the archive is not valid.',
      hint: makeAgain.en,
    },
    es: {
      text: 'El atributo extendido «{name}» de «{member}» en el byte {position} del archivo no es válido.',
      hint: makeAgain.es,
    },
  },
  'archive-acl-invalid': {
    exit: 1,
    en: {
      text: 'The access control list of "{member}" at byte {position} of the archive is not valid: "{acl}".',
      hint: makeAgain.en,
    },
    es: {
      text: 'La lista de control de acceso de «{member}» en el byte {position} del archivo no es válida: «{acl}».',
      hint: makeAgain.es,
    },
  },
  'archive-acl-name': {
    exit: 4,
    en: {
      text: 'The access control list of "{member}" at byte {position} of the archive names "{name}" without its number, and names mean other numbers on other machines.',
      hint: 'Make the archive with GNU tar 1.35 or later and --numeric-owner, with bsdtar, or where that name does not exist.',
    },
    es: {
      text: 'La lista de control de acceso de «{member}» en el byte {position} del archivo nombra a «{name}» sin su número, y los nombres significan otros números en otras máquinas.',
      hint: 'Cree el archivo con GNU tar 1.35 o posterior y --numeric-owner, con bsdtar, o donde ese nombre no exista.',
    },
  },
  'archive-expands-too-much': {
    exit: 4,
    en: {
      text: 'The archive claims {produced} bytes of content in its first {consumed} bytes ("{member}" at byte {position}); that is more than the stated limit.',
      hint: 'If the archive is honest, raise the limit; otherwise do not use it.',
    },
    es: {
      text: 'El archivo declara {produced} bytes de contenido en sus primeros {consumed} bytes («{member}» en el byte {position}); supera el límite establecido.',
      hint: 'Si el archivo es legítimo, suba el límite; si no, no lo use.',
    },
  },
  'archive-member-too-large': {
    exit: 4,
    en: {
      text: '"{member}" in the archive has {size} bytes; at most {limit} are accepted there.',
      hint: 'Check that this is the right archive.',
    },
    es: {
      text: '«{member}» tiene {size} bytes en el archivo; ahí se aceptan como máximo {limit}.',
      hint: 'Compruebe que este es el archivo correcto.',
    },
  },
  'compressed-truncated': {
    exit: 1,
    en: { text: 'The {format} data is cut short after {length} bytes.', hint: fetchAgain.en },
    es: { text: 'Los datos {format} están cortados tras {length} bytes.', hint: fetchAgain.es },
  },
  'compressed-damaged': {
    exit: 1,
    en: { text: 'The {format} data is damaged or cut short ({reason}).', hint: fetchAgain.en },
    es: { text: 'Los datos {format} están dañados o cortados ({reason}).', hint: fetchAgain.es },
  },
  'compressed-garbage-after-end': {
    exit: 1,
    en: {
      text: 'Something that is not {format} data follows the end of the {format} data, after byte {length}.',
      hint: fetchAgain.en,
    },
    es: {
      text: 'Después del final de los datos {format}, tras el byte {length}, hay algo que no es {format}.',
      hint: fetchAgain.es,
    },
  },
  'compressed-needs-memory': {
    exit: 4,
    en: {
      text: 'The {format} data needs more memory to unpack than is allowed ({reason}).',
      hint: 'Compress it again without --long or --ultra.',
    },
    es: {
      text: 'Los datos {format} necesitan más memoria de la permitida para descomprimirse ({reason}).',
      hint: 'Comprímalos de nuevo sin --long ni --ultra.',
    },
  },
  'compressed-expands-too-much': {
    exit: 4,
    en: {
      text: '{consumed} bytes of {format} data unpack to more than {produced} bytes; that is more than the stated limit.',
      hint: 'If the file is honest, raise the limit; otherwise do not use it.',
    },
    es: {
      text: '{consumed} bytes de datos {format} se expanden a más de {produced} bytes; supera el límite establecido.',
      hint: 'Si el archivo es legítimo, suba el límite; si no, no lo use.',
    },
  },
  'decompressor-missing': {
    exit: 1,
    en: {
      text: 'Reading {format} data needs the program "{program}", which is not installed.',
      hint: 'Install it (Debian and Ubuntu: apt-get install {package}) and run the same command again.',
    },
    es: {
      text: 'Para leer datos {format} hace falta el programa «{program}», que no está instalado.',
      hint: 'Instálelo (Debian y Ubuntu: apt-get install {package}) y repita la orden.',
    },
  },
  'decompressor-failed': {
    exit: 1,
    en: {
      text: 'The program "{program}" stopped while it read {format} data: {reason}.',
      hint: 'Look at free memory and run the same command again.',
    },
    es: {
      text: 'El programa «{program}» se detuvo al leer datos {format}: {reason}.',
      hint: 'Revise la memoria libre y repita la orden.',
    },
  },
  'canonical-json-invalid': {
    exit: 1,
    en: {
      text: 'This is not canonical JSON: unexpected content at byte {position}.',
      hint: 'The file is damaged or was edited by hand; get it again from where it was made.',
    },
    es: {
      text: 'Esto no es JSON canónico: contenido inesperado en el byte {position}.',
      hint: 'El archivo está dañado o fue editado a mano; obténgalo de nuevo de donde se creó.',
    },
  },
  'contents-invalid': {
    exit: 1,
    en: {
      text: 'The contents manifest is not valid: entry {number} ("{path}"), field "{field}".',
      hint: 'The file is damaged or was edited by hand; make it again from the tree.',
    },
    es: {
      text: 'El manifiesto «contents» no es válido: entrada {number} («{path}»), campo «{field}».',
      hint: 'El archivo está dañado o fue editado a mano; créelo de nuevo a partir del árbol.',
    },
  },
  'contents-newer': {
    exit: 4,
    en: {
      text: 'The contents manifest has version {version}; this program reads version 1.',
      hint: 'Install a newer Satchel.',
    },
    es: {
      text: 'El manifiesto «contents» tiene la versión {version}; este programa lee la versión 1.',
      hint: 'Instale un Satchel más nuevo.',
    },
  },
  'md5sum-invalid': {
    exit: 1,
    en: {
      text: 'Line {line} of the checksum file is not output of md5sum.',
      hint: 'Make the file again with "md5sum ARCHIVE > ARCHIVE.md5" in the folder of the archive.',
    },
    es: {
      text: 'La línea {line} del archivo de sumas no es salida de md5sum.',
      hint: 'Créelo de nuevo con «md5sum ARCHIVO > ARCHIVO.md5» en la carpeta del archivo.',
    },
  },
} as const satisfies MessageSet;
