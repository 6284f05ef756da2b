import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** Help and results of the commands that mirror, keep and remove. */
export const siteMirrorResultsMessages = {
  'option-security': words(
    'this build mends a security hole: sites fetch it first, and outside of their hours',
    'esta versión corrige una falla de seguridad: los sitios la traen primero, y también fuera de su horario',
  ),
  'option-deltas-only': words(
    'no packs: the devices of this site update by deltas only',
    'sin paquetes: los equipos de este sitio se actualizan solo por deltas',
  ),
  'option-sync-now': words(
    'also outside of the hours and days; the month and the rate hold all the same',
    'también fuera del horario y de los días; el mes y la velocidad valen igual',
  ),
  'option-site-plan-rate': words(
    'with BUILD: how fast the links of the sites are, for example 2Mbit/s',
    'con VERSIÓN: la velocidad de los enlaces de los sitios, por ejemplo 2Mbit/s',
  ),
  'option-pin-remove': words('it may be removed again', 'vuelve a poder borrarse'),
  'option-pin-list': words('only list', 'solo muestra la lista'),
  'argument-site-plan-build': words(
    'a build: what it costs the sites that fetch it',
    'una versión: qué cuesta a los sitios que la traen',
  ),
  'argument-pin': words('the build that is to stay', 'la versión que debe quedarse'),
  'help-site-plan': words(
    'what mirroring would bring, or what a build costs the sites',
    'qué traería la copia, o qué cuesta una versión a los sitios',
  ),
  'help-site-sync': words(
    'fetch what the followed streams lack',
    'trae lo que falta de los canales que sigue',
  ),
  'help-site-gc': words(
    'remove what is not needed or over the budget',
    'borra lo que sobra o pasa del presupuesto',
  ),
  'help-pin': words('keep a build whatever room is wanted', 'conserva una versión aunque falte lugar'),

  'mirror-kind-records': words('records {bytes}', 'registros {bytes}'),
  'mirror-kind-deltas': words('deltas {bytes}', 'deltas {bytes}'),
  'mirror-kind-lists': words('lists {bytes}', 'listas {bytes}'),
  'mirror-kind-packs': words('packs {bytes}', 'paquetes {bytes}'),
  'result-mirror-follows-nothing': words(
    'This site follows no stream: it fetches what devices ask for. "satchel site set --follow STREAM" changes that.',
    'Este sitio no sigue ningún canal: trae lo que los equipos piden. «satchel site set --follow CANAL» lo cambia.',
  ),
  'result-mirror-complete': words(
    '{build} is here with all that is wanted.',
    '{build} está aquí con todo lo necesario.',
  ),
  'result-mirror-halted': words(
    'The stream {stream} is halted: its build is not fetched.',
    'El canal {stream} está detenido: su versión no se trae.',
  ),
  'result-mirror-unknown': words(
    'The repository has no stream {stream}.',
    'El repositorio no tiene el canal {stream}.',
  ),
  'result-mirror-item': words(
    '{build} ({streams}): {bytes}: {kinds}.',
    '{build} ({streams}): {bytes}: {kinds}.',
  ),
  'result-mirror-security': words(
    'It mends a security hole and does not wait for the hours.',
    'Corrige una falla de seguridad y no espera el horario.',
  ),
  'result-mirror-refused-month': words(
    'Not fetched: that is more than is left of this month.',
    'No se trae: es más de lo que queda de este mes.',
  ),
  'result-mirror-refused-disk': words(
    'Not fetched: there is no room for it within the budget and the reserve.',
    'No se trae: no cabe en el presupuesto y la reserva.',
  ),
  'result-mirror-total': words(
    'Together {bytes}, requests: {requests}.',
    'En total {bytes}, pedidos: {requests}.',
  ),
  'result-mirror-hours': words('{hours} h', '{hours} h'),
  'result-mirror-time': words(
    'The link brings {rate} a second: that takes {time}, within the hours until {doneBy} (UTC).',
    'El enlace trae {rate} por segundo: eso tarda {time}, dentro del horario hasta {doneBy} (UTC).',
  ),
  'result-mirror-time-never': words(
    'The link brings {rate} a second: that takes {time}, which within the hours is more than a year.',
    'El enlace trae {rate} por segundo: eso tarda {time}, que dentro del horario es más de un año.',
  ),
  'result-mirror-no-link': words(
    'How long that takes is known once content has come over the link.',
    'Cuánto tarda se sabrá cuando haya llegado algo por el enlace.',
  ),
  'result-mirror-disk': words(
    'The site takes {used}, then {after} at most, of {budget}; {free} of the disk are free, {reserve} stay free.',
    'El sitio ocupa {used}, después {after} a lo sumo, de {budget}; el disco tiene {free} libres, {reserve} quedan libres.',
  ),
  'result-mirror-month': words(
    '{used} came this month; of {budget} {left} are left.',
    'Este mes llegaron {used}; de {budget} quedan {left}.',
  ),
  'result-mirror-nothing': words('Nothing is missing.', 'No falta nada.'),
  'result-mirror-complete-build': words(
    '{build} is complete ({bytes} came).',
    '{build} está completa (llegaron {bytes}).',
  ),
  'result-mirror-refused-build': words('{build} is not fetched.', '{build} no se trae.'),
  'result-mirror-waiting-build': words('{build} waits ({bytes} came).', '{build} espera (llegaron {bytes}).'),
  'result-mirror-failed-build': words('{build} failed ({bytes} came).', '{build} falló (llegaron {bytes}).'),
  'result-mirror-came': words('{bytes} came in {time}.', 'Llegaron {bytes} en {time}.'),
  'result-site-price': words('What {build} costs a site:', 'Qué cuesta {build} a un sitio:'),
  'result-site-price-from': words(
    'that has {from} ({streams}): {everything}; by deltas only {deltas}',
    'que tiene {from} ({streams}): {everything}; solo por deltas {deltas}',
  ),
  'result-site-price-nothing': words(
    'that has nothing: {everything}; by deltas only {deltas}',
    'que no tiene nada: {everything}; solo por deltas {deltas}',
  ),
  'result-site-price-no-deltas': words(
    'There are no deltas to it yet: they are not in this price.',
    'Todavía no hay deltas hacia ella: no están en este precio.',
  ),
  'result-gc-trees': words(
    'Trees for rsync clients: {bytes} removed.',
    'Árboles para clientes rsync: se borraron {bytes}.',
  ),
  'result-gc-files': words(
    'Files that no build needs: {files}; {bytes} removed.',
    'Archivos que ninguna versión necesita: {files}; se borraron {bytes}.',
  ),
  'result-gc-build': words('{build}: {bytes} removed.', '{build}: se borraron {bytes}.'),
  'result-gc-used': words('The site takes {bytes}.', 'El sitio ocupa {bytes}.'),
  'result-gc-over': words(
    'That is {bytes} too many, and what is left has to stay: heads of followed streams, pinned builds, what is in use.',
    'Son {bytes} de más, y lo que queda debe conservarse: versiones actuales de los canales que sigue, fijadas o en uso.',
  ),
  'result-pin-none': words('No build is pinned.', 'Ninguna versión está fijada.'),
  'result-pin': words('{build} is pinned.', '{build} está fijada.'),
  'result-pin-sticky': words('{build} stays because of {path}.', '{build} se queda por {path}.'),
} as const satisfies MessageSet;
