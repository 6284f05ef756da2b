import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** What the commands about rollouts say, and their help. */
export const rolloutResultsMessages = {
  'help-group-rollout': words('how new builds reach devices', 'cómo llegan las versiones a los equipos'),
  'help-rollout-start': words(
    'lead devices to a build step by step',
    'lleva los equipos a una versión por etapas',
  ),
  'help-rollout-show': words('show how a rollout goes', 'muestra cómo va una distribución'),
  'help-rollout-pause': words('let a rollout stand still', 'deja una distribución en pausa'),
  'help-rollout-resume': words('let a rollout go on', 'deja seguir una distribución'),
  'help-rollout-halt': words(
    'stop a rollout before it does more harm',
    'detiene una distribución antes de que dañe más',
  ),
  'help-rollout-back': words(
    'lead devices back to an earlier build',
    'hace volver los equipos a una versión anterior',
  ),
  'help-rollout-explain': words(
    'say why a device gets what it gets',
    'dice por qué un equipo recibe lo que recibe',
  ),
  'help-rollout-watch': words(
    'look after rollouts: halt what does harm',
    'atiende las distribuciones: detiene lo que daña',
  ),
  'help-simulate': words(
    'try a rollout on devices that do not exist',
    'prueba una distribución con equipos que no existen',
  ),
  'argument-rollout-build': words(
    'a build of the repository; without it the one that the stream leads to',
    'una versión del repositorio; sin ella, la que representa el canal',
  ),
  'argument-rollout-back': words(
    'an earlier build; without it the one before',
    'una versión anterior; sin ella, la que había antes',
  ),
  'argument-rollout-serial': words(
    'serial number of a device, or its id in reports',
    'número de serie de un equipo, o su identificador en los informes',
  ),
  'option-rollout-steps': words(
    'shares of the devices over time: 1%@0h,10%@24h,100%@72h',
    'porciones de los equipos en el tiempo: 1%@0h,10%@24h,100%@72h',
  ),
  'option-rollout-publish': words(
    'let the build reach devices step by step: 1%@0h,10%@24h,100%@72h',
    'la versión llega a los equipos por etapas: 1%@0h,10%@24h,100%@72h',
  ),
  'option-early-serial': words(
    'these at once: serial numbers, with * and ?, or @FILE',
    'estos enseguida: números de serie, con * y ?, o @ARCHIVO',
  ),
  'option-early-site': words('devices of this site at once', 'enseguida los equipos de este sitio'),
  'option-early-model': words('devices of this model at once', 'enseguida los equipos de este modelo'),
  'option-early-build': words(
    'devices that run this build at once',
    'enseguida los equipos con esta versión',
  ),
  'option-only-serial': words(
    'only these: serial numbers, with * and ?, or @FILE',
    'solo estos: números de serie, con * y ?, o @ARCHIVO',
  ),
  'option-only-site': words('only devices of this site', 'solo los equipos de este sitio'),
  'option-only-model': words('only devices of this model', 'solo los equipos de este modelo'),
  'option-only-build': words('only devices that run this build', 'solo los equipos con esta versión'),
  'option-not-before': words('nobody before this time', 'nadie antes de esta hora'),
  'option-quiet-days': words(
    'nothing changes then: 2026-11-23/2026-11-27=exams',
    'entonces nada cambia: 2026-11-23/2026-11-27=exámenes',
  ),
  'option-reserve': words(
    'so many devices of each site wait until its first ones are well',
    'tantos equipos de cada sitio esperan a que los primeros estén bien',
  ),
  'option-reserve-until': words('they wait at most so long (7d)', 'esperan como máximo tanto (7d)'),
  'option-max-failed': words(
    'halt when the build fails on more than this share',
    'detener cuando la versión falla en más de esta porción',
  ),
  'option-max-silent': words(
    'halt when more than this share is not heard again',
    'detener cuando más de esta porción no vuelve a informar',
  ),
  'option-min-devices': words(
    'judge once so many devices took it (20)',
    'juzgar cuando la tomaron tantos equipos (20)',
  ),
  'option-silent-after': words(
    'silent is who is not heard so long while others are (3d)',
    'callado es quien no informa tanto tiempo mientras otros sí (3d)',
  ),
  'option-free-days': words(
    'a file of days on which silence means nothing',
    'un archivo de días en los que el silencio no dice nada',
  ),
  'option-free-weekend': words(
    'weekdays on which it means nothing (sat,sun)',
    'días de la semana en los que no dice nada (sat,sun)',
  ),
  'option-rollout-reason': words('why, for people who ask', 'por qué, para quien pregunte'),
  'option-explain-stream': words('a stream, not that of the device', 'un canal, no el del equipo'),
  'option-explain-root': words('the device itself', 'el equipo mismo'),
  'option-explain-running': words(
    'what the device runs, if it told something else',
    'la versión que tiene el equipo, si informó otra cosa',
  ),
  'option-explain-model': words('the model of the device', 'el modelo del equipo'),
  'option-watch-once': words('once, then end', 'una vez, y terminar'),
  'result-rollout-started': words(
    '{stream} leads to {build} step by step from {began} on.',
    '{stream} lleva a {build} por etapas desde {began}.',
  ),
  'result-stream-rollout': words(
    'step by step since {began}: see "satchel rollout show {stream}"',
    'por etapas desde {began}: vea «satchel rollout show {stream}»',
  ),
  'result-stream-back': words('led back on {since}: {reason}', 'se hizo volver el {since}: {reason}'),
  'result-rollout-head': words('{stream}: {build}, since {began}', '{stream}: {build}, desde {began}'),
  'result-rollout-step': words('{share} % from {from} on', '{share} % desde {from}'),
  'result-rollout-step-now': words('{share} % from {from} on (now)', '{share} % desde {from} (ahora)'),
  'result-rollout-not-before': words('nobody before {from}', 'nadie antes de {from}'),
  'result-rollout-early': words('at once: {whom}', 'enseguida: {whom}'),
  'result-rollout-only': words('only: {whom}', 'solo: {whom}'),
  'result-rollout-listed': words('{count} named one by one', '{count} nombrados uno por uno'),
  'result-rollout-quiet': words(
    'nothing changes from {from} to {to} ({reason})',
    'nada cambia de {from} a {to} ({reason})',
  ),
  'result-rollout-reserved': words(
    '{count} devices wait until the first ones of their site are well, at most until {until}',
    '{count} equipos esperan a que los primeros de su sitio estén bien, como máximo hasta {until}',
  ),
  'result-rollout-automatic': words(
    'halted by itself above {failed} % failed or {silent} % silent, once {atLeast} devices took it',
    'se detiene sola con más de {failed} % fallidos o {silent} % callados, cuando la tomaron {atLeast} equipos',
  ),
  'result-rollout-paused': words('paused since {since}: {reason}', 'en pausa desde {since}: {reason}'),
  'result-rollout-halted': words('halted since {since}: {reason}', 'detenida desde {since}: {reason}'),
  'result-rollout-figures': words(
    '{took} took it, {well} are well, {failed} failed or went back, {silent} are silent',
    'la tomaron {took}, están bien {well}, fallaron o volvieron {failed}, callan {silent}',
  ),
  'result-rollout-pause': words(
    'The rollout of {build} stands still. Let it go on with "satchel rollout resume {stream}".',
    'La distribución de {build} está en pausa. Déjela seguir con «satchel rollout resume {stream}».',
  ),
  'result-rollout-pause-already': words(
    'The rollout of {build} was paused already.',
    'La distribución de {build} ya estaba en pausa.',
  ),
  'result-rollout-resume': words(
    'The rollout of {build} goes on where it was.',
    'La distribución de {build} sigue donde estaba.',
  ),
  'result-rollout-not-paused': words(
    'The rollout of {build} was neither paused nor halted; nothing was changed.',
    'La distribución de {build} no estaba ni en pausa ni detenida; no se cambió nada.',
  ),
  'result-rollout-back': words(
    '{stream} leads back to {build}; devices on {from} return to it when they next ask.',
    '{stream} vuelve a {build}; los equipos con {from} regresan a ella la próxima vez que pregunten.',
  ),
  'result-rollout-back-waits': words(
    '{stream} will lead back to {build} once the keys that permit it have signed. Until then it is halted.',
    '{stream} volverá a {build} cuando hayan firmado las claves que lo permiten. Hasta entonces está detenido.',
  ),
  'result-explain-device': words(
    '{serial}, model {model}, Satchel {client}',
    '{serial}, modelo {model}, Satchel {client}',
  ),
  'option-simulate-devices': words('so many devices (100000)', 'tantos equipos (100000)'),
  'option-simulate-sites': words('at so many sites (500)', 'en tantos sitios (500)'),
  'option-simulate-days': words('go on for so many days (14)', 'durante tantos días (14)'),
  'option-simulate-seed': words(
    'the same number gives the same simulation (1)',
    'el mismo número da la misma simulación (1)',
  ),
  'option-simulate-failing': words(
    'devices on which the update fails',
    'equipos en los que falla la actualización',
  ),
  'option-simulate-leaving': words(
    'devices that boot the build and leave it again',
    'equipos que arrancan la versión y la abandonan',
  ),
  'option-simulate-dying': words('devices that never start again', 'equipos que no vuelven a arrancar'),
  'option-simulate-later': words('how often somebody says "later"', 'cuántas veces alguien dice «más tarde»'),
  'option-simulate-present': words(
    'devices that are on during a day (85%)',
    'equipos encendidos en un día (85%)',
  ),
  'option-simulate-sticks': words(
    'sites that are reached by a stick only',
    'sitios a los que solo llega una memoria USB',
  ),
  'option-simulate-stick-every': words(
    'how often the stick comes (7d)',
    'cada cuánto llega la memoria USB (7d)',
  ),
  'option-simulate-absent': words('nobody is there on these days: 3-5', 'nadie está en estos días: 3-5'),
  'option-simulate-power-cut': words(
    'sites without power on these days: 30%@3-5',
    'sitios sin luz en estos días: 30%@3-5',
  ),
  'simulate-column-day': words('day', 'día'),
  'simulate-column-share': words('may', 'puede'),
  'simulate-column-running': words('run it', 'la tienen'),
  'simulate-column-harmed': words('harmed', 'dañados'),
  'simulate-column-took': words('known: took', 'se sabe: tomaron'),
  'simulate-column-well': words('well', 'bien'),
  'simulate-column-failed': words('failed', 'fallidos'),
  'simulate-column-silent': words('silent', 'callados'),
  'simulate-halted': words('halted', 'detenida'),
  'result-simulate-not-halted': words('It was not halted.', 'No se detuvo.'),
  'result-simulate-halted-failed': words(
    'Halted after {hours} h, for too many failed; {late} devices took it later, because the news had not reached them.',
    'Se detuvo a las {hours} h, porque fallaron demasiados; {late} equipos la tomaron después, porque no les había llegado la noticia.',
  ),
  'result-simulate-halted-left': words(
    'Halted after {hours} h, for too many left it again; {late} devices took it later, because the news had not reached them.',
    'Se detuvo a las {hours} h, porque demasiados la abandonaron; {late} equipos la tomaron después, porque no les había llegado la noticia.',
  ),
  'result-simulate-halted-silent': words(
    'Halted after {hours} h, for too many were silent; {late} devices took it later, because the news had not reached them.',
    'Se detuvo a las {hours} h, porque callaron demasiados; {late} equipos la tomaron después, porque no les había llegado la noticia.',
  ),
  'result-simulate-counts': words(
    '{decisions} decisions, {reports} reports; the end is {digest}.',
    '{decisions} decisiones, {reports} informes; el final es {digest}.',
  ),
  'result-watch-nothing': words('No rollout is under way.', 'No hay ninguna distribución en marcha.'),
  'result-watch-line': words(
    '{stream}: {build}, {took} took it, {well} are well, {failed} failed or went back, {silent} are silent',
    '{stream}: {build}, la tomaron {took}, están bien {well}, fallaron o volvieron {failed}, callan {silent}',
  ),
  'result-watch-signed': words(
    '{stream}: signed again, so that devices see the step',
    '{stream}: firmado de nuevo, para que los equipos vean la etapa',
  ),
} as const satisfies MessageSet;
