import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** Sentences about what a device is to run and why, from `src/advice/` and `src/device/`. */
export const rolloutDeviceMessages = {
  'result-stream-waypoints': words('nobody passes over: {builds}', 'nadie puede saltear: {builds}'),
  'result-show-waypoint': words(
    'a waypoint: older devices run it first',
    'un paso obligado: los equipos más viejos la arrancan antes',
  ),
  'decision-running': words(
    'It runs {running}; the stream "{stream}" stands for {head}.',
    'Tiene en marcha {running}; el canal «{stream}» representa {head}.',
  ),
  'decision-running-nothing': words(
    'It has no build yet; the stream "{stream}" stands for {head}.',
    'Todavía no tiene ninguna versión; el canal «{stream}» representa {head}.',
  ),
  'decision-unknown-device': words(
    'Its serial number is not known, and it has no other name yet: it comes last.',
    'No se conoce su número de serie y todavía no tiene otro nombre: le toca al final.',
  ),
  'decision-take-everybody': words('It takes {build}, as everybody does.', 'Toma {build}, como todos.'),
  'decision-take-share': words(
    'It takes {build}: {share} % of the devices may by now, and it comes at {place} %.',
    'Toma {build}: ya puede el {share} % de los equipos, y a este le toca en el {place} %.',
  ),
  'decision-take-early': words(
    'It takes {build}: it is one of those that come first.',
    'Toma {build}: es uno de los que van primero.',
  ),
  'decision-take-back': words(
    'It goes back to {build}: the stream was led back on {since} ({reason}).',
    'Vuelve a {build}: se hizo volver el canal el {since} ({reason}).',
  ),
  'decision-take-waypoint': words(
    'It takes {build} first: nobody may pass it over on the way to {head}.',
    'Antes toma {build}: nadie puede saltearla en el camino a {head}.',
  ),
  'decision-take-client': words(
    'It takes {build} first: {head} asks for Satchel {wanted} or newer, and this is {client}.',
    'Antes toma {build}: {head} requiere Satchel {wanted} o posterior, y este es {client}.',
  ),
  'decision-stay-current': words('There is nothing to do.', 'No hay nada que hacer.'),
  'decision-stay-halted': words(
    'It stays on {running}: the stream has been halted since {since} ({reason}).',
    'Se queda en {running}: el canal está detenido desde {since} ({reason}).',
  ),
  'decision-stay-halted-first': words(
    'It gets nothing: the stream has been halted since {since} ({reason}).',
    'No recibe nada: el canal está detenido desde {since} ({reason}).',
  ),
  'decision-stay-paused': words(
    'It stays on {running}: the rollout of {head} has stood still since {since} ({reason}), when {share} % of the devices might take it, and this one comes at {place} %.',
    'Se queda en {running}: la distribución de {head} está en pausa desde {since} ({reason}), cuando podía tomarla el {share} % de los equipos, y a este le toca en el {place} %.',
  ),
  'decision-stay-not-before': words(
    'It stays on {running}: nobody takes {head} before {from}.',
    'Se queda en {running}: nadie toma {head} antes del {from}.',
  ),
  'decision-stay-quiet': words(
    'It stays on {running}: nothing changes until {to} ({reason}).',
    'Se queda en {running}: nada cambia hasta el {to} ({reason}).',
  ),
  'decision-stay-share': words(
    'It stays on {running}: {share} % of the devices may take {head} by now, and this one comes at {place} %.',
    'Se queda en {running}: ya puede tomar {head} el {share} % de los equipos, y a este le toca en el {place} %.',
  ),
  'decision-stay-reserved': words(
    'It stays on {running}: it is one of the devices that {head} leaves alone at first, until {until} at the latest.',
    'Se queda en {running}: es uno de los equipos que {head} deja tranquilos al principio, a más tardar hasta el {until}.',
  ),
  'decision-stay-reserved-paused': words(
    'It stays on {running}: it is one of the devices that {head} leaves alone at first, and the rollout has stood still since {since} ({reason}).',
    'Se queda en {running}: es uno de los equipos que {head} deja tranquilos al principio, y la distribución está en pausa desde {since} ({reason}).',
  ),
  'decision-stay-not-included': words(
    'It stays on {running}: {head} is only for some devices by now, and this one is not among them.',
    'Se queda en {running}: por ahora {head} es solo para algunos equipos, y este no está entre ellos.',
  ),
  'decision-stay-client-too-old': words(
    'It stays on {running}: {head} asks for Satchel {wanted} or newer, this is {client}, and there is no build on the way that it understands.',
    'Se queda en {running}: {head} requiere Satchel {wanted} o posterior, este es {client}, y en el camino no hay ninguna versión que entienda.',
  ),
  'decision-stay-newer': words(
    'It stays on {running}, which was published after {head}; nobody has led the stream back.',
    'Se queda en {running}, publicada después de {head}; nadie hizo volver el canal.',
  ),
  'decision-next': words(
    'As the plan stands, it may from {next} on.',
    'Según el plan, podrá desde el {next}.',
  ),
  'decision-no-next': words(
    'As the plan stands, its turn does not come.',
    'Según el plan, no le llega el turno.',
  ),
} as const satisfies MessageSet;
