import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** Help and answers of the commands that keep the names of the old ones. */
export const olpcCommandsMessages = {
  'help-olpc-update': words(
    'update like the old command: from an rsync server of the old kind, or from a repository',
    'actualizar como la orden antigua: desde un servidor rsync antiguo o desde un repositorio',
  ),
  'argument-olpc-update': words(
    'the build; with -u the addresses of its manifest and of its tree, with --usb the path, both with a name if they do not tell it',
    'la versión; con -u las direcciones de su manifiesto y de su árbol, con --usb la ruta, ambas con un nombre si no lo dicen',
  ),
  'option-olpc-reboot': words('restart the machine when it is done', 'reiniciar el equipo al terminar'),
  'option-olpc-server': words(
    'ask this server: a host name or rsync://HOST[:PORT] (the old kind), http://, https:// or file:// (a repository); otherwise the source of the device, else updates.laptop.org',
    'preguntar a este servidor: un nombre o rsync://HOST[:PUERTO] (antiguo), http://, https:// o file:// (un repositorio); si no, el origen del equipo, o bien updates.laptop.org',
  ),
  'option-olpc-url': words(
    'update to a manifest and a tree at these addresses (rsync:// or paths)',
    'actualizar a un manifiesto y un árbol en estas direcciones (rsync:// o rutas)',
  ),
  'option-olpc-usb': words(
    'update from a drive: a folder, an image (.usb, .iso) or a repository, named or found below /media, /run/media, /mnt',
    'actualizar desde una unidad: una carpeta, una imagen (.usb, .iso) o un repositorio, nombrado o hallado debajo de /media, /run/media, /mnt',
  ),
  'option-olpc-list': words('list the builds of the server', 'mostrar las versiones del servidor'),
  'option-olpc-changelog': words('show what a build brings', 'mostrar lo que trae una versión'),
  'option-olpc-force': words(
    'install anew what boots already; from a repository, also go back to an older build (an rsync server does not tell which is older, so there it needs no -f); from a server or drive, also take a tree without manifest or signature; make --root DIR a device',
    'reinstalar lo que ya arranca; de un repositorio, también volver a una versión más vieja (un servidor rsync no dice cuál es más vieja, así que allí no hace falta -f); de un servidor o unidad, también aceptar un árbol sin manifiesto o firma; hacer de --root DIR un equipo',
  ),
  'option-olpc-timeout': words(
    'give up on a server that is silent for so long; unless said otherwise 30s, with rsync 2min',
    'abandonar un servidor que calla durante este tiempo; si no se indica otro 30s, con rsync 2min',
  ),
  'option-olpc-verbose': words('tell which paths changed', 'decir qué rutas cambiaron'),
  'option-olpc-hints': words(
    'for builds with a manifest of the original type: take from FILE what another device has found to differ; when there is no FILE, write it',
    'para versiones con manifiesto del tipo original: tomar de ARCHIVO lo que otro equipo halló distinto; si no existe, escribirlo',
  ),
  'option-olpc-root': words('the device, when it is not this machine', 'el equipo, si no es esta máquina'),
  'option-olpc-version': words('show the version of the program', 'mostrar la versión del programa'),
  'help-olpc-contents-create': words(
    'make the contents manifest of a tree',
    'crear el manifiesto de contenido de un árbol',
  ),
  'help-olpc-contents-verify': words(
    'compare a tree with its contents manifest',
    'comparar un árbol con su manifiesto de contenido',
  ),
  'help-olpc-contents-hash': words(
    'show the hash that names a build in the old protocol',
    'mostrar la suma que nombra una versión en el protocolo antiguo',
  ),
  'help-olpc-contents-clean': words(
    'bring a contents manifest that was edited into its one right form',
    'llevar un manifiesto de contenido editado a su única forma correcta',
  ),
  'argument-contents-tree': words('the root of the tree', 'la raíz del árbol'),
  'argument-contents-file': words('the manifest', 'el manifiesto'),
  'option-contents-file': words(
    'write it to FILE, which is not listed itself when it lies in the tree; without it only the hash is shown',
    'escribirlo en ARCHIVO, que no se incluye si está en el árbol; sin esto solo se muestra la suma',
  ),
  'option-contents-key-dir': words(
    'sign it too (FILE.sig), by the keys for satchel-lite in DIR: what a drive for olpc-update --usb needs',
    'firmarlo también (ARCHIVO.sig), con las claves para satchel-lite en DIR: lo que necesita una unidad para olpc-update --usb',
  ),
  'option-contents-passwd': words(
    "take the names of users from PASSWD instead of the tree's own etc/passwd",
    'tomar los nombres de usuarios de PASSWD y no del etc/passwd del árbol',
  ),
  'option-contents-group': words(
    "take the names of groups from GROUP instead of the tree's own etc/group",
    'tomar los nombres de grupos de GROUP y no del etc/group del árbol',
  ),
  'result-contents-created': words(
    'Wrote {path}: {entries} entries, contents hash {hash}.',
    'Se escribió {path}: {entries} entradas, suma de contenido {hash}.',
  ),
  'result-contents-right': words(
    'The tree is as the manifest says: {entries} entries.',
    'El árbol es como dice el manifiesto: {entries} entradas.',
  ),
  'result-contents-wrong': words(
    'Paths in which the tree differs from the manifest: {count}. The manifest has {entries}.',
    'Rutas en las que el árbol difiere del manifiesto: {count}. El manifiesto tiene {entries}.',
  ),
  'result-contents-cleaned': words(
    '{path} is in its right form: {entries} entries, contents hash {hash}.',
    '{path} está en su forma correcta: {entries} entradas, suma de contenido {hash}.',
  ),
  'result-olpc-changes': words(
    'Paths in which {build} differs from {from}: {count}.',
    'Rutas en las que {build} difiere de {from}: {count}.',
  ),
  'result-olpc-update': words(
    'Updated to {build}: {bytes} received, {seconds}.',
    'Actualizado a {build}: {bytes} recibidos, {seconds}.',
  ),
  'result-olpc-damaged': words(
    'In {build}, the version before, not as it was installed: {path}',
    'En {build}, la versión anterior, no está como se instaló: {path}',
  ),
  'result-olpc-healed': words(
    'In {build} damaged, and right again: {path}',
    'En {build} estaba dañada, y ya está bien: {path}',
  ),
  'result-olpc-no-manifest': words(
    'There was no manifest, so it was checked by comparing it with {source}.',
    'No había manifiesto, así que se comprobó comparándola con {source}.',
  ),
  'result-olpc-compared': words(
    'Its manifest could not be read, so it was checked by comparing it with {source}.',
    'No se pudo leer su manifiesto, así que se comprobó comparándola con {source}.',
  ),
  'result-olpc-reboot': words('The machine restarts now.', 'El equipo se reinicia ahora.'),
} as const satisfies MessageSet;
