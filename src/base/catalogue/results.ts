import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** What the commands say of what they did, on standard output. */
export const resultsMessages = {
  'result-init': words('Made the repository {repository}.', 'Se creó el repositorio {repository}.'),
  'result-init-keys': words(
    'Its private keys are in {keys}: keep a copy, and move "offline" to another machine.',
    'Sus claves privadas están en {keys}: guarde una copia, y lleve «offline» a otra máquina.',
  ),
  'result-init-root': words(
    'Devices trust it by this hash of its root: {sha256}',
    'Los equipos confían en él por esta suma de su raíz: {sha256}',
  ),
  'result-to-sign': words(
    'Nothing is visible to devices yet: an offline key has to sign {path} with "satchel keys sign"; then run "satchel keys submit" on it here.',
    'Los equipos aún no ven nada: una clave fuera de línea debe firmar {path} con «satchel keys sign»; después ejecute «satchel keys submit» con él aquí.',
  ),
  'result-publish': words(
    'Published {name}: {files} files, {bytes}; {objects} objects were new and take {stored} ({seconds}).',
    'Se publicó {name}: {files} archivos, {bytes}; {objects} objetos eran nuevos y ocupan {stored} ({seconds}).',
  ),
  'result-publish-waits': words(
    'Stored {name}: {files} files, {bytes}; {objects} objects were new and take {stored} ({seconds}).',
    'Se guardó {name}: {files} archivos, {bytes}; {objects} objetos eran nuevos y ocupan {stored} ({seconds}).',
  ),
  'result-publish-hash': words(
    'Will be head of: {streams}. Contents hash: {hash}',
    'Será la actual de: {streams}. Suma del contenido: {hash}',
  ),
  'result-publish-streams': words(
    'Head of: {streams}. Contents hash: {hash}',
    'Es la actual de: {streams}. Suma del contenido: {hash}',
  ),
  'result-update-cost': words(
    'An update from {from} to {to} costs {bytes}.',
    'Actualizar de {from} a {to} cuesta {bytes}.',
  ),
  'result-update-delta': words(
    'An update from {from} to {to} by delta costs {bytes} and up to {memory} of memory.',
    'Actualizar de {from} a {to} por delta cuesta {bytes} y hasta {memory} de memoria.',
  ),
  'result-publish-deltas': words(
    '{count} deltas are being made in the background; "satchel delta list" shows them.',
    'Se están creando {count} deltas en segundo plano; «satchel delta list» los muestra.',
  ),
  'result-delta-made': words(
    'Made the delta from {from} to {to}: {bytes} in {segments} segments, {percent} % of the {objects} by objects, up to {memory} of memory to apply ({seconds}).',
    'Se creó el delta de {from} a {to}: {bytes} en {segments} segmentos, {percent} % de los {objects} por objetos, hasta {memory} de memoria para aplicarlo ({seconds}).',
  ),
  'result-delta-held': words(
    '{from} to {to}: {bytes} in {segments} segments, {percent} % of the {objects} by objects, up to {memory} of memory to apply',
    '{from} a {to}: {bytes} en {segments} segmentos, {percent} % de los {objects} por objetos, hasta {memory} de memoria para aplicarlo',
  ),
  'result-delta-none-missing': words(
    'No delta that a stream wants is missing.',
    'No falta ningún delta que un canal quiera.',
  ),
  'result-delta-list-empty': words('There are no deltas.', 'No hay deltas.'),
  'result-delta-there': words(
    '{from} → {to}: {bytes}, up to {memory} of memory; {why}',
    '{from} → {to}: {bytes}, hasta {memory} de memoria; {why}',
  ),
  'result-delta-dropped': words(
    '{from} → {to}: {bytes}, goes with the next prune; {why}',
    '{from} → {to}: {bytes}, se va con la próxima limpieza; {why}',
  ),
  'result-delta-missing': words('{from} → {to}: not made yet; {why}', '{from} → {to}: aún sin crear; {why}'),
  'result-delta-why-streams': words('wanted by {streams}', 'lo quiere {streams}'),
  'result-delta-why-asked': words('asked for by hand', 'pedido a mano'),
  'result-delta-why-both': words(
    'wanted by {streams}, and asked for by hand',
    'lo quiere {streams}, y pedido a mano',
  ),
  'result-delta-why-unnamed': words('no stream wants it any more', 'ya no lo quiere ningún canal'),
  'result-delta-why-build-gone': words('the build {from} is gone', 'la versión {from} ya no está'),
  'result-delta-removed': words(
    'The delta from {from} to {to} is no longer offered; "satchel prune" frees its space.',
    'El delta de {from} a {to} ya no se ofrece; «satchel prune» libera su espacio.',
  ),
  'result-prune-delta-kept': words(
    'Kept the delta from {from} to {to} ({bytes}): {why}.',
    'Se conserva el delta de {from} a {to} ({bytes}): {why}.',
  ),
  'result-prune-delta-dropped': words(
    'Dropped the delta from {from} to {to} ({bytes}): {why}.',
    'Se quitó el delta de {from} a {to} ({bytes}): {why}.',
  ),
  'result-prune-delta-would-drop': words(
    'Would drop the delta from {from} to {to} ({bytes}): {why}.',
    'Se quitaría el delta de {from} a {to} ({bytes}): {why}.',
  ),
  'result-list-empty': words('There are no builds yet.', 'Todavía no hay versiones.'),
  'result-list-build': words(
    '{name}  {files} files, {bytes}, {stored} to install, published {published}',
    '{name}  {files} archivos, {bytes}, {stored} para instalar, publicada {published}',
  ),
  'result-list-head': words(
    '{name}  {files} files, {bytes}, {stored} to install, published {published}, head of {streams}',
    '{name}  {files} archivos, {bytes}, {stored} para instalar, publicada {published}, actual de {streams}',
  ),
  'result-list-not-here': words(
    '{name}  is known by name only: a site fetches the rest when it is asked for.',
    '{name}  se conoce solo por el nombre: un sitio trae lo demás cuando alguien lo pide.',
  ),
  'result-list-stream': words('stream {name}: {head}', 'canal {name}: {head}'),
  'result-show': words(
    '{name}: {entries} entries, {files} files, {bytes}, published {published}',
    '{name}: {entries} entradas, {files} archivos, {bytes}, publicada {published}',
  ),
  'result-show-contents': words('contents hash {hash} ({type})', 'suma del contenido {hash} ({type})'),
  'result-show-index': words(
    'index {sha256} ({index} stored), map {map}, everything {everything}',
    'índice {sha256} ({index} guardado), mapa {map}, todo {everything}',
  ),
  'result-show-client': words('needs Satchel {version} or newer', 'requiere Satchel {version} o posterior'),
  'result-diff': words(
    '{from} → {to}: {same} the same, {added} added, {removed} removed, {content} with other content, {metadata} with other metadata only, {type} of another type',
    '{from} → {to}: {same} iguales, {added} agregados, {removed} eliminados, {content} con otro contenido, {metadata} solo con otros metadatos, {type} de otro tipo',
  ),
  'result-diff-download': words(
    'The new objects are {bytes} of download.',
    'Los objetos nuevos son {bytes} de descarga.',
  ),
  'result-diff-copies': words(
    '{files} files ({bytes}) differ only in owner, mode or time: copied on the device, not downloaded. "publish --clamp-mtime" avoids it for times.',
    '{files} archivos ({bytes}) difieren solo en dueño, modo o fecha: se copian en el equipo, no se descargan. «publish --clamp-mtime» lo evita para las fechas.',
  ),
  'result-rename': words('{from} is now {to}.', '{from} ahora es {to}.'),
  'result-remove': words(
    '{name} is no longer offered; "satchel prune" frees its space.',
    '{name} ya no se ofrece; «satchel prune» libera su espacio.',
  ),
  'result-prune': words('Deleted {files} files, {bytes}.', 'Se borraron {files} archivos, {bytes}.'),
  'result-prune-dry': words(
    'Would delete {files} files, {bytes}.',
    'Se borrarían {files} archivos, {bytes}.',
  ),
  'result-prune-waiting': words(
    '{files} more files ({bytes}) are without use and wait for their grace to end ("--grace 0" ends it now).',
    'Otros {files} archivos ({bytes}) no se usan y esperan el fin de su plazo («--grace 0» lo termina ahora).',
  ),
  'result-prune-repacked': words(
    'Wrote {packs} packs anew that were less than half in use.',
    'Se reescribieron {packs} paquetes usados en menos de la mitad.',
  ),
  'result-fsck': words(
    'Read {builds} builds: {files} files, {objects} objects, {bytes}.',
    'Se leyeron {builds} versiones: {files} archivos, {objects} objetos, {bytes}.',
  ),
  'result-fsck-not-here': words(
    'Files that are not here: {count}. A site fetches them when they are asked for.',
    'Archivos que no están aquí: {count}. Un sitio los trae cuando alguien los pide.',
  ),
  'result-fsck-missing': words(
    '{file} is missing ({build} needs it).',
    'Falta {file} ({build} lo necesita).',
  ),
  'result-fsck-wrong-bytes': words(
    '{file} has wrong bytes ({build} needs it).',
    '{file} tiene bytes incorrectos ({build} lo necesita).',
  ),
  'result-fsck-repaired': words(
    '{file} was damaged and is repaired ({build} needs it).',
    '{file} estaba dañado y fue reparado ({build} lo necesita).',
  ),
  'result-fsck-unusable': words(
    '{file} does not lead to {build}; remove the delta with "satchel delta remove" and make it again.',
    '{file} no lleva a {build}; quite el delta con «satchel delta remove» y créelo de nuevo.',
  ),
  'result-serve': words('Serving {repository} at {url}', 'Sirviendo {repository} en {url}'),
  'result-serve-everywhere': words(
    'Other machines reach it under every address of this one; --listen HOST:PORT narrows that.',
    'Otras máquinas lo alcanzan por cualquier dirección de esta; --listen HOST:PUERTO lo limita.',
  ),
  'result-keys-created': words('Made a key for {role}: {keyId}', 'Se creó una clave para {role}: {keyId}'),
  'result-keys-rotated': words('{role} is now signed with {keyId}.', '{role} ahora se firma con {keyId}.'),
  'result-keys-rotating': words('{role} will be signed with {keyId}.', '{role} se firmará con {keyId}.'),
  'result-keys-role': words(
    '{role} ({custody}): version {version}, until {expires}, {threshold} of {keys} keys must sign',
    '{role} ({custody}): versión {version}, hasta {expires}, deben firmar {threshold} de {keys} claves',
  ),
  'result-keys-key-here': words('  {keyId}  here', '  {keyId}  aquí'),
  'result-keys-key-elsewhere': words('  {keyId}  elsewhere', '  {keyId}  en otro lugar'),
  'result-keys-key-unused': words('  {keyId}  here, not in use', '  {keyId}  aquí, sin uso'),
  'result-sign-summary': words(
    '{role} version {version}, until {expires}: {added} added, {removed} removed, {replaced} replaced',
    '{role} versión {version}, hasta {expires}: {added} agregados, {removed} eliminados, {replaced} reemplazados',
  ),
  'result-sign-added': words('  added: {path}', '  agregado: {path}'),
  'result-sign-removed': words('  removed: {path}', '  eliminado: {path}'),
  'result-sign-replaced': words('  replaced: {path}', '  reemplazado: {path}'),
  'result-sign-keys': words(
    '  keys of {role}: {threshold} must sign; new: {added}; no longer: {removed}',
    '  claves de {role}: deben firmar {threshold}; nuevas: {added}; ya no: {removed}',
  ),
  'result-sign-dry': words('Nothing was signed.', 'No se firmó nada.'),
  'result-sign-missing': words(
    'Signed; {count} more signatures are needed.',
    'Firmado; faltan {count} firmas más.',
  ),
  'result-sign-complete': words(
    'Signed. Carry {path} back and run "satchel keys submit" on it.',
    'Firmado. Lleve {path} de vuelta y ejecute «satchel keys submit» con él.',
  ),
  'result-keys-renewed': words('{role} is signed for another term.', '{role} quedó firmado por otro plazo.'),
  'result-submitted': words('Published what was signed.', 'Se publicó lo firmado.'),
  'result-device-init': words(
    '{root} follows {source} and trusts its root {sha256}.',
    '{root} sigue a {source} y confía en su raíz {sha256}.',
  ),
  'result-device-compare': words(
    'Compare this hash with the one that the people who run the repository tell you.',
    'Compare esta suma con la que le indiquen quienes administran el repositorio.',
  ),
  'result-check-current': words(
    '{build} is on this device already: nothing to do.',
    '{build} ya está en este equipo: nada que hacer.',
  ),
  'result-check-available': words(
    '{build} is available; this device boots {from}.',
    '{build} está disponible; este equipo arranca {from}.',
  ),
  'result-check-first': words(
    '{build} is available; nothing is installed yet.',
    '{build} está disponible; todavía no hay nada instalado.',
  ),
  'result-plan-head-way': words('Way', 'Camino'),
  'result-plan-head-bytes': words('Download', 'Descarga'),
  'result-plan-head-requests': words('Requests', 'Pedidos'),
  'result-plan-head-disk': words('Disk', 'Disco'),
  'result-plan-head-memory': words('Memory', 'Memoria'),
  'result-plan-head-time': words('Time', 'Tiempo'),
  'result-plan-switch': words(
    '{build} is on this device already: "satchel update" only switches to it.',
    '{build} ya está en este equipo: «satchel update» solo cambia a ella.',
  ),
  'way-none': words('nothing to do', 'nada que hacer'),
  'way-switch': words('switch to it', 'cambiar a ella'),
  'way-delta': words('one delta', 'un delta'),
  'way-chain': words('two deltas, by way of {via}', 'dos deltas, pasando por {via}'),
  'way-objects': words('what is missing', 'lo que falta'),
  'way-everything': words('everything', 'todo'),
  'way-time-unknown': words('unknown', 'desconocido'),
  'way-refused-max-bytes': words('over --max-bytes', 'supera --max-bytes'),
  'way-refused-monthly-bytes': words('over the monthly budget', 'supera el presupuesto mensual'),
  'way-refused-disk': words('too little disk', 'falta espacio en disco'),
  'way-refused-inodes': words('too many files', 'demasiados archivos'),
  'way-refused-memory': words('too little memory', 'falta memoria'),
  'result-plan-link': words(
    'Time at {rate}/s and {roundTrip} a round trip, as measured on this link.',
    'Tiempo a {rate}/s y {roundTrip} por ida y vuelta, según lo medido en este enlace.',
  ),
  'result-plan-no-link': words(
    'Times are known once content has come from this source.',
    'Los tiempos se conocen cuando haya llegado contenido de este origen.',
  ),
  'result-data': words(
    'Received in {month} (UTC): {bytes}; no monthly budget.',
    'Recibido en {month} (UTC): {bytes}; sin presupuesto mensual.',
  ),
  'result-data-budget': words(
    'Received in {month} (UTC): {bytes} of {budget}; {left} are left until {next}.',
    'Recibido en {month} (UTC): {bytes} de {budget}; quedan {left} hasta el {next}.',
  ),
  'result-device-set': words(
    'Set for {root}: source {source}, stream {stream}.',
    'Configurado para {root}: origen {source}, canal {stream}.',
  ),
  'result-device-set-budget': words(
    'Monthly data budget: {budget}',
    'Presupuesto mensual de datos: {budget}',
  ),
  'result-device-set-no-budget': words('No monthly data budget.', 'Sin presupuesto mensual de datos.'),
  'result-plan-local': words(
    'Of its files {links} are linked and {copies} copied on this device ({copyBytes}); the others are {fetched} objects.',
    'De sus archivos, {links} se enlazan y {copies} se copian en este equipo ({copyBytes}); los demás son {fetched} objetos.',
  ),
  'result-plan-times': words(
    '{files} files ({bytes}) differ only in owner, mode or time: copied here, not downloaded.',
    '{files} archivos ({bytes}) difieren solo en dueño, modo o fecha: se copian aquí, no se descargan.',
  ),
  'result-update': words(
    'Updated to {build}: {bytes} received, {seconds}; requests: {requests}.',
    'Actualizado a {build}: {bytes} recibidos, {seconds}; pedidos: {requests}.',
  ),
  'result-reboot': words('It is used from the next boot on.', 'Se usa desde el próximo arranque.'),
  'result-damaged': words('Not as published: {path}', 'No está como se publicó: {path}'),
  'result-status': words(
    'Boots {current}; before it: {alternate}; running: {running}',
    'Arranca {current}; la anterior: {alternate}; en uso: {running}',
  ),
  'result-status-source': words('Source: {source}, stream {stream}', 'Origen: {source}, canal {stream}'),
  'result-status-version': words('{name}: {entries} entries, {bytes}', '{name}: {entries} entradas, {bytes}'),
  'result-status-sticky': words('{name} is sticky: it stays.', '{name} está fijada: se conserva.'),
  'result-status-owed': words(
    'Owners or devices of {count} paths of {name} are owed until "satchel repair" runs as root.',
    'Quedan por aplicar dueños o equipos de {count} rutas de {name} hasta que «satchel repair» corra como root.',
  ),
  'result-status-waiting': words(
    '{bytes} received and waiting for the rest.',
    '{bytes} recibidos y esperando el resto.',
  ),
  'result-last-done': words('done', 'hecha'),
  'result-last-failed': words('failed', 'fallida'),
  'result-last-cancelled': words('stopped', 'detenida'),
  'result-last-later': words('put off', 'aplazada'),
  'result-status-last': words(
    'Last update: {result} ({build}), {at}',
    'Última actualización: {result} ({build}), {at}',
  ),
  'result-rollback': words(
    '{to} boots next, as before {from}.',
    '{to} arranca la próxima vez, como antes de {from}.',
  ),
  'result-verify': words(
    '{build}: {entries} entries compared, {read} files read, {damaged} damaged.',
    '{build}: {entries} entradas comparadas, {read} archivos leídos, {damaged} dañados.',
  ),
  'result-verify-damage': words('{path}: {reason}', '{path}: {reason}'),
  'result-repair': words(
    '{build}: {damaged} paths repaired, {bytes} received.',
    '{build}: {damaged} rutas reparadas, {bytes} recibidos.',
  ),
  'result-purge': words('Removed: {names}', 'Se eliminó: {names}'),
  'result-purge-nothing': words('There was nothing to remove.', 'No había nada que eliminar.'),
  'result-purge-dry': words('Would remove: {names}', 'Se eliminaría: {names}'),
} as const satisfies MessageSet;
