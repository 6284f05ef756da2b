import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** What the help of the command line says: commands, arguments, options. */
export const cliHelpMessages = {
  'help-about': words(
    'Carries whole operating-system builds to devices that are offline most of the time.',
    'Lleva sistemas operativos completos a equipos que casi siempre están sin conexión.',
  ),
  'help-usage': words('Usage:', 'Uso:'),
  'help-arguments': words('Arguments:', 'Argumentos:'),
  'help-options': words('Options:', 'Opciones:'),
  'help-commands': words('Commands:', 'Órdenes:'),
  'help-section-origin': words('At the origin:', 'En el origen:'),
  'help-section-site': words('At a site:', 'En un sitio:'),
  'help-section-device': words('On a device:', 'En un equipo:'),
  'help-section-any': words('Anywhere:', 'En cualquier lugar:'),
  'help-word-command': words('COMMAND', 'ORDEN'),
  'help-word-options': words('options', 'opciones'),
  'help-environment': words('or {variable}', 'o {variable}'),
  'help-more': words(
    '"satchel help COMMAND" explains one command.',
    '«satchel help ORDEN» explica una orden.',
  ),
  'help-exit-codes': words(
    'Exit codes: 0 done; 1 failed, with a sentence; 2 the call is not right; 3 something named was not found; 4 refused by a budget, space or policy check; 130 and 143 stopped on request.',
    'Códigos de salida: 0 hecho; 1 falló, con una explicación; 2 la llamada no es correcta; 3 no se encontró algo nombrado; 4 rechazado por presupuesto, espacio o política; 130 y 143 detenido a pedido.',
  ),
  'help-help': words('explain the program or one command', 'explica el programa o una orden'),

  'help-init': words('make an empty repository', 'crea un repositorio vacío'),
  'help-publish': words('add a build to a repository', 'agrega una versión a un repositorio'),
  'help-list': words('list builds and streams', 'muestra las versiones y los canales'),
  'help-show': words('show one build', 'muestra una versión'),
  'help-diff': words('compare two builds', 'compara dos versiones'),
  'help-rename': words('give a build another name', 'cambia el nombre de una versión'),
  'help-remove': words('stop offering a build', 'deja de ofrecer una versión'),
  'help-prune': words('delete what no build needs', 'borra lo que ninguna versión necesita'),
  'help-fsck': words('check everything in a repository', 'revisa todo lo que hay en un repositorio'),
  'help-group-delta': words('make updates small', 'achica las actualizaciones'),
  'help-delta-create': words('make a delta between builds', 'crea un delta entre dos versiones'),
  'help-delta-list': words('list deltas and why they stay', 'muestra los deltas y por qué quedan'),
  'help-delta-remove': words('stop offering a delta', 'deja de ofrecer un delta'),
  'help-serve': words('serve a repository over HTTP', 'sirve un repositorio por HTTP'),
  'help-group-keys': words('look after the signing keys', 'administra las claves de firma'),
  'help-keys-list': words('list roles, keys and expiry', 'muestra los roles, sus claves y vencimientos'),
  'help-keys-create': words('make a new key for a role', 'crea una clave nueva para un rol'),
  'help-keys-rotate': words('replace the key of a role', 'reemplaza la clave de un rol'),
  'help-keys-sign': words('sign prepared metadata offline', 'firma metadatos preparados, sin conexión'),
  'help-group-device': words('set up a device', 'prepara un equipo'),
  'help-device-set': words(
    'change what a device follows and how much it may receive',
    'cambia qué sigue un equipo y cuánto puede recibir',
  ),
  'option-source-set': words(
    'the repository that the device asks from now on: http://, https://, file:// or a directory',
    'el repositorio que el equipo consulta desde ahora: http://, https://, file:// o un directorio',
  ),
  'option-stream-set': words(
    'the stream that the device follows where no stream file says another; none: no updates',
    'el canal que sigue el equipo si ningún archivo de canal dice otro; none: sin actualizaciones',
  ),
  'option-monthly-bytes': words(
    'most bytes that the device may receive in a calendar month (UTC): 500MB, 2GB; none: no limit',
    'lo máximo que el equipo puede recibir por mes calendario (UTC): 500MB, 2GB; none: sin límite',
  ),
  'help-device-init': words('make a directory a device', 'convierte un directorio en un equipo'),
  'help-check': words('see whether there is an update', 'mira si hay una actualización'),
  'help-plan': words('show what an update would cost', 'muestra cuánto costaría una actualización'),
  'help-update': words('bring the device to its build', 'lleva el equipo a la versión que le toca'),
  'help-status': words('show what the device runs', 'muestra qué versión usa el equipo'),
  'help-rollback': words('go back to the build before', 'vuelve a la versión anterior'),
  'help-verify': words('check the installed files', 'revisa los archivos instalados'),
  'help-repair': words('fetch damaged files again', 'descarga otra vez los archivos dañados'),
  'help-purge': words('delete versions not needed', 'borra versiones que ya no hacen falta'),
  'help-version': words('show the version of Satchel', 'muestra la versión de Satchel'),

  'argument-command': words('the command to explain', 'la orden que se quiere entender'),
  'argument-publish-source': words(
    'P-tree.tar.* of the old system, any tar archive, a directory, or - for a tar on standard input',
    'P-tree.tar.* del sistema antiguo, cualquier archivo tar, un directorio, o - para un tar en la entrada estándar',
  ),
  'argument-build': words('the name of a build', 'el nombre de una versión'),
  'argument-build-wanted': words(
    'this build, and not the one that the stream names',
    'esta versión, y no la que indica el canal',
  ),
  'argument-build-installed': words(
    'an installed build; without it the current one',
    'una versión instalada; sin ella, la actual',
  ),
  'argument-build-before': words(
    'an installed build; without it the one before',
    'una versión instalada; sin ella, la anterior',
  ),
  'argument-diff-from': words('the older build', 'la versión anterior'),
  'argument-diff-to': words('the newer build', 'la versión posterior'),
  'argument-delta-from': words('the build that devices have', 'la versión que tienen los equipos'),
  'argument-delta-to': words('the build that they are to get', 'la versión que deben recibir'),
  'argument-delta-of': words('only deltas that lead to it', 'solo los deltas que llevan a ella'),
  'argument-new-name': words('its new name', 'su nombre nuevo'),
  'argument-role': words('the role', 'el rol'),
  'argument-sign-file': words('the prepared metadata', 'los metadatos preparados'),

  'option-json': words(
    'print the result as one JSON object on standard output',
    'escribe el resultado como un objeto JSON en la salida estándar',
  ),
  'option-quiet': words('show no progress and no notices', 'no muestra avance ni avisos'),
  'option-help': words('show this help', 'muestra esta ayuda'),
  'option-repo': words('the directory of the repository', 'el directorio del repositorio'),
  'option-grace': words(
    'how long unused files stay (7d; 0: not at all)',
    'cuánto tiempo quedan los archivos sin uso (7d; 0: nada)',
  ),
  'help-keys-renew': words('sign a role again for another term', 'firma un rol de nuevo por otro plazo'),
  'option-dry-run-sign': words(
    'show what would be signed and sign nothing',
    'muestra lo que se firmaría y no firma nada',
  ),
  'option-threshold': words(
    'how many keys of the role must sign from now on',
    'cuántas claves del rol deben firmar desde ahora',
  ),
  'option-lower-floor': words(
    'for root: tell devices that no later time than DATE has passed, after a wrong clock signed',
    'para root: dice a los equipos que no ha pasado nada posterior a DATE, si firmó un reloj errado',
  ),
  'help-keys-submit': words(
    'publish what offline keys have signed',
    'publica lo que firmaron las claves fuera de línea',
  ),
  'argument-submit-file': words('the signed request', 'el pedido firmado'),
  'option-key-dir': words('where the private keys lie', 'dónde están las claves privadas'),
  'option-root': words('the root directory of the device', 'el directorio raíz del equipo'),
  'option-source': words(
    'fetch from this repository: http://, https://, file:// or a directory',
    'descarga de este repositorio: http://, https://, file:// o un directorio',
  ),
  'option-source-first': words(
    'the repository that the device will ask: http://, https://, file:// or a directory',
    'el repositorio al que preguntará el equipo: http://, https://, file:// o un directorio',
  ),
  'option-stream-follow': words('follow this stream', 'sigue este canal'),
  'option-stream-publish': words(
    'make it the head of this stream; may be repeated',
    'la pone a la cabeza de este canal; puede repetirse',
  ),
  'option-name': words('the public name of the build', 'el nombre público de la versión'),
  'option-contents': words(
    'the contents manifest, carried byte for byte',
    'el manifiesto de contenido, llevado byte a byte',
  ),
  'option-contents-hash': words(
    'the contents hash that the build is already known by',
    'el hash de contenido por el que ya se conoce la versión',
  ),
  'option-clamp-mtime': words(
    'set every file time to DATE: 2007-11-02, with or without a time (UTC), or @SECONDS',
    'pone DATE como fecha de todos los archivos: 2007-11-02, con o sin hora (UTC), o @SEGUNDOS',
  ),
  'option-minimum-client': words(
    'the oldest Satchel that may install it',
    'el Satchel más antiguo que puede instalarla',
  ),
  'option-waypoint': words(
    'no device may pass it over on the way to a later build',
    'ningún equipo puede saltearla en el camino a una versión posterior',
  ),
  'option-notes': words('a note for people', 'una nota para las personas'),
  'option-missing': words(
    'make every delta that a stream wants and that is absent',
    'crea cada delta que un canal quiere y que falta',
  ),
  'option-deltas': words(
    'make and keep deltas from so many of the last builds of its streams: 0 to 16; at first 3, then as before',
    'crea y conserva deltas desde tantas de las últimas versiones de sus canales: 0 a 16; al principio 3, después como antes',
  ),
  'option-wait': words(
    'make the deltas before ending, not in the background',
    'crea los deltas antes de terminar, y no en segundo plano',
  ),
  'option-listen': words(
    'where to listen: PORT, HOST:PORT or [V6]:PORT; usually 0.0.0.0:8400',
    'dónde escuchar: PUERTO, HOST:PUERTO o [V6]:PUERTO; si falta, 0.0.0.0:8400',
  ),
  'option-repair-from': words(
    'replace damaged files from this repository',
    'reemplaza los archivos dañados desde este repositorio',
  ),
  'option-trust': words(
    'the root of trust: its file, or its SHA-256',
    'la raíz de confianza: su archivo o su SHA-256',
  ),
  'option-trust-on-first-use': words(
    'trust the root that the source shows now, and print its SHA-256',
    'confía en la raíz que la fuente muestra ahora, e imprime su SHA-256',
  ),
  'option-dry-run-update': words('only show the plan', 'solo muestra el plan'),
  'option-dry-run-prune': words('only show what would go', 'solo muestra qué se borraría'),
  'option-dry-run-purge': words('only show what would go', 'solo muestra qué se borraría'),
  'option-reclaim': words(
    'delete the previous version first (for small disks; no way back until done)',
    'borra primero la versión anterior (para discos pequeños; sin vuelta atrás hasta terminar)',
  ),
  'option-max-bytes': words(
    'refuse a plan that downloads more than this: 200MB, 1.5GB',
    'rechaza un plan que descargue más que esto: 200MB, 1.5GB',
  ),
  'option-timeout': words(
    'give up on a source that is silent for so long; 30s unless said otherwise',
    'abandona una fuente que calla durante este tiempo; 30s si no se indica otro',
  ),
  'option-limit-rate': words(
    'download at most this much a second: 500kB, 2Mbit/s',
    'descarga como máximo esto por segundo: 500kB, 2Mbit/s',
  ),
  'option-verify': words(
    '"full" reads every file of the new tree again before switching',
    '«full» vuelve a leer cada archivo del árbol nuevo antes de cambiar',
  ),
  'option-full': words(
    'read every file, not only those whose attributes changed',
    'lee cada archivo, no solo los que cambiaron de atributos',
  ),
  'option-all-verify': words('every installed build', 'todas las versiones instaladas'),
  'option-all-repair': words('every installed build', 'todas las versiones instaladas'),
} as const satisfies MessageSet;
