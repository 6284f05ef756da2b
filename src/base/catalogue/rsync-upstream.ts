import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** Sentences about builds that come from another server: on demand, or by `satchel import`. */
export const rsyncUpstreamMessages = {
  'upstream-address-not-usable': {
    exit: 2,
    en: {
      text: 'Builds cannot be fetched from the address "{address}".',
      hint: 'Give rsync://HOST/MODULE/, http://HOST/PATH/, https://HOST/PATH/ or a directory. In the setting "upstream", {place} stands for the build: an address that ends in "/" is a directory of files, another one the beginning of their names.',
    },
    es: {
      text: 'No se pueden traer versiones de la dirección «{address}».',
      hint: 'Indique rsync://HOST/MÓDULO/, http://HOST/RUTA/, https://HOST/RUTA/ o un directorio. En el ajuste «upstream», {place} representa la versión: una dirección que termina en «/» es un directorio de archivos, otra es el comienzo de sus nombres.',
    },
  },
  'upstream-directory-missing': {
    exit: 1,
    en: {
      text: 'There is no directory {path}.',
      hint: 'Check the address; if builds lie on a drive, see that it is mounted.',
    },
    es: {
      text: 'No existe la carpeta {path}.',
      hint: 'Revise la dirección; si las versiones están en una unidad, vea que esté montada.',
    },
  },
  'upstream-rsync-missing': {
    exit: 1,
    en: {
      text: 'Fetching from {location} needs the program rsync, which is not installed.',
      hint: 'Install it: apt-get install rsync.',
    },
    es: {
      text: 'Traer de {location} requiere el programa rsync, que no está instalado.',
      hint: 'Instálelo: apt-get install rsync.',
    },
  },
  'upstream-rsync-failed': {
    exit: 1,
    en: {
      text: 'rsync could not fetch {name} from {location} (code {code}): {reason}',
      hint: 'What was received is kept; the next attempt goes on from there.',
    },
    es: {
      text: 'rsync no pudo traer {name} de {location} (código {code}): {reason}',
      hint: 'Lo recibido se conserva; el próximo intento sigue desde ahí.',
    },
  },
  'upstream-refused': {
    exit: 1,
    en: {
      text: '{location} refused: {reason}',
      hint: 'Check the address, and ask the keeper of that server what it allows.',
    },
    es: {
      text: '{location} se negó: {reason}',
      hint: 'Revise la dirección, y pregunte al encargado de ese servidor qué permite.',
    },
  },
  'upstream-not-listed': {
    exit: 1,
    en: {
      text: '{location} shows no list of its files.',
      hint: 'Let its web server list the directory (autoindex), or use rsync.',
    },
    es: {
      text: '{location} no muestra la lista de sus archivos.',
      hint: 'Active la lista de archivos (autoindex) en su servidor web, o use rsync.',
    },
  },
  'upstream-no-room': {
    exit: 4,
    en: {
      text: '{name} from {location} has {bytes} bytes to fetch, but {path} has room for {free}.',
      hint: 'Free some space, or move the rsync directory to a larger disk.',
    },
    es: {
      text: 'De {name} en {location} faltan traer {bytes} bytes, pero en {path} caben {free}.',
      hint: 'Libere espacio, o lleve el directorio de rsync a un disco más grande.',
    },
  },
  'upstream-needs-keys': {
    exit: 4,
    en: {
      text: 'Builds from {location} cannot be published here: the key of the role "builds" is not in {keys}.',
      hint: 'A server that takes in builds by itself needs that key. Otherwise fetch the files by hand and publish them with "satchel publish".',
    },
    es: {
      text: 'Las versiones de {location} no se pueden publicar aquí: la clave del rol «builds» no está en {keys}.',
      hint: 'Un servidor que recibe versiones por sí mismo necesita esa clave. Si no, traiga los archivos a mano y publíquelos con «satchel publish».',
    },
  },
  'upstream-busy': {
    exit: 1,
    en: {
      text: '{name} is being fetched by another process.',
      hint: 'Wait until it is done; nothing has to be fetched twice.',
    },
    es: {
      text: 'Otro proceso está trayendo {name}.',
      hint: 'Espere a que termine; no hace falta traer nada dos veces.',
    },
  },
  'upstream-md5-wrong': {
    exit: 1,
    en: {
      text: '{name} in {location} has another MD5 than the .md5 beside it says.',
      hint: 'It is damaged there, or still being copied to there. It is tried again when it has changed.',
    },
    es: {
      text: '{name} en {location} tiene otro MD5 que el que dice el .md5 a su lado.',
      hint: 'Está dañado allí, o todavía se está copiando. Se vuelve a intentar cuando haya cambiado.',
    },
  },
  'upstream-still-wrong': {
    exit: 1,
    en: {
      text: '{name} in {location} had a wrong MD5 at {time}, and neither its size nor its .md5 has changed since.',
      hint: 'Its keeper has to copy it there again. It is tried again a day after that time.',
    },
    es: {
      text: '{name} en {location} tenía un MD5 incorrecto a las {time}, y desde entonces no cambió su tamaño ni su .md5.',
      hint: 'Su encargado debe copiarlo allí otra vez. Se vuelve a intentar un día después de esa hora.',
    },
  },
  'upstream-wrong-again': {
    exit: 1,
    en: {
      text: '{name} in {location} has another MD5 than the .md5 beside it says, as it had at {time}.',
      hint: 'It is damaged, or belongs to another .md5: its keeper has to copy both there again.',
    },
    es: {
      text: '{name} en {location} tiene otro MD5 que el que dice el .md5 a su lado, igual que a las {time}.',
      hint: 'Está dañado, o es de otro .md5: su encargado debe copiar ambos allí otra vez.',
    },
  },
  'upstream-contents-cut-short': {
    exit: 1,
    en: {
      text: 'The manifest {name} in {location} is cut short.',
      hint: 'It is being copied there, or its copying broke off: its keeper has to copy it again. The next attempt reads it anew.',
    },
    es: {
      text: 'El manifiesto {name} en {location} está incompleto.',
      hint: 'Se está copiando allí, o la copia se cortó: su encargado debe copiarlo otra vez. El próximo intento lo lee de nuevo.',
    },
  },
  'upstream-file-link': {
    exit: 1,
    en: {
      text: '{name} in {location} is a symlink, which is not followed.',
      hint: 'Its keeper has to put the file itself there.',
    },
    es: {
      text: '{name} en {location} es un enlace simbólico, y no se sigue.',
      hint: 'Su encargado debe poner allí el archivo mismo.',
    },
  },
  'upstream-name-unusual': {
    exit: 1,
    en: {
      text: 'The file name {name} in {location} is not used, because of its characters.',
      hint: 'Rename the files of that build: letters, digits, ".", "_", "+" and "-", not starting with a dot.',
    },
    es: {
      text: 'El nombre de archivo {name} en {location} no se usa, por sus caracteres.',
      hint: 'Cambie el nombre de los archivos de esa versión: letras, dígitos, «.», «_», «+» y «-», sin empezar con punto.',
    },
  },
  'upstream-name-empty': {
    exit: 1,
    en: {
      text: 'The file {name} in {location} does not hold the name of a build.',
      hint: 'Its first line must be the name: letters, digits, ".", "_", "+" and "-".',
    },
    es: {
      text: 'El archivo {name} en {location} no contiene el nombre de una versión.',
      hint: 'Su primera línea debe ser el nombre: letras, dígitos, «.», «_», «+» y «-».',
    },
  },
  'upstream-name-twice': {
    exit: 1,
    en: {
      text: 'Both {first} and {second} in {location} hold the build name {build}; only the first is used.',
      hint: 'One of the two has to be removed or renamed there.',
    },
    es: {
      text: 'Tanto {first} como {second} en {location} contienen el nombre de versión {build}; solo se usa el primero.',
      hint: 'Uno de los dos debe borrarse o cambiarse allí.',
    },
  },
  'upstream-content-changed': {
    exit: 1,
    en: {
      text: '{build} has another MD5 in {location} than when it was imported; what is here stays.',
      hint: 'A name stands for one content for ever: the keeper has to give the new content a new name. To take it nevertheless: "satchel remove", then import with --again.',
    },
    es: {
      text: '{build} tiene en {location} otro MD5 que cuando se importó; queda lo que hay aquí.',
      hint: 'Un nombre representa un solo contenido para siempre: el encargado debe dar otro nombre al contenido nuevo. Para tomarlo igual: «satchel remove», y luego importar con --again.',
    },
  },
  'upstream-fetching-again': words(
    '{name} came from {location} in parts that do not belong together; it is fetched once more as a whole.',
    '{name} llegó de {location} en partes que no van juntas; se trae otra vez entero.',
  ),
  'upstream-fetched': words(
    '{build} was fetched from {location} and published ({bytes} bytes).',
    '{build} se trajo de {location} y se publicó ({bytes} bytes).',
  ),
  'upstream-problem': words('{build}: {reason}', '{build}: {reason}'),

  'help-import': words(
    'bring new builds from the drop directory of another server',
    'trae versiones nuevas del directorio de entrega de otro servidor',
  ),
  'option-import-from': words(
    'a directory of sets of four files: rsync://HOST/os/, http://HOST/PATH/ with a list of files, or a local one',
    'un directorio de conjuntos de cuatro archivos: rsync://HOST/os/, http://HOST/RUTA/ con lista de archivos, o uno local',
  ),
  'option-import-stream': words(
    'stream that leads to the newest build that comes in; may be repeated (none: no stream changes)',
    'canal que lleva a la versión más nueva que llegue; se puede repetir (sin él no cambia ningún canal)',
  ),
  'option-import-again': words(
    'also bring builds that were imported before and removed here since',
    'traer también versiones que se importaron antes y se quitaron aquí después',
  ),
  'result-import': words(
    '{location}: {published} builds brought ({bytes}), {present} were here, {waiting} not complete there, {problems} with problems.',
    '{location}: {published} versiones traídas ({bytes}), {present} ya estaban, {waiting} incompletas allí, {problems} con problemas.',
  ),
  'result-import-published': words('brought {build} ({bytes})', 'se trajo {build} ({bytes})'),
  'result-import-waiting': words(
    '{prefix} is not complete there yet: {missing} missing',
    '{prefix} aún no está completo allí: falta {missing}',
  ),
  'result-import-not-right': words(
    '{prefix} is still being copied there, or damaged: its MD5 is not right yet',
    '{prefix} todavía se está copiando allí, o está dañado: su MD5 aún no es correcto',
  ),
  'result-import-removed': words(
    '{build} was removed here and is not brought again (--again does)',
    '{build} se quitó aquí y no se trae otra vez (--again lo hace)',
  ),
  'result-import-problem': words('{build}: {reason}', '{build}: {reason}'),
} as const satisfies MessageSet;
