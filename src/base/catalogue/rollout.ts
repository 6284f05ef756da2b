import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** Sentences about rollouts at the origin: what is refused, and what it does by itself. */
export const rolloutMessages = {
  'rollout-absent': {
    exit: 3,
    en: {
      text: 'The stream "{stream}" has no rollout: {build} goes to everybody at once.',
      hint: 'Begin one with "satchel rollout start {stream} --steps 1%@0h,10%@24h,100%@72h", or keep devices back with "satchel rollout halt {stream}".',
    },
    es: {
      text: 'El canal «{stream}» no tiene distribución por etapas: {build} va a todos a la vez.',
      hint: 'Comience una con «satchel rollout start {stream} --steps 1%@0h,10%@24h,100%@72h», o retenga los equipos con «satchel rollout halt {stream}».',
    },
  },
  'rollout-steps-not-understood': {
    exit: 2,
    en: {
      text: '{option}: "{value}" is no step of a rollout.',
      hint: 'Write shares with the time since the beginning, such as 1%@0h,10%@24h,50%@48h,100%@96h; a share has at most two decimals.',
    },
    es: {
      text: '{option}: «{value}» no es una etapa de una distribución.',
      hint: 'Escriba porciones con el tiempo desde el comienzo, por ejemplo 1%@0h,10%@24h,50%@48h,100%@96h; una porción tiene como máximo dos decimales.',
    },
  },
  'rollout-steps-order': {
    exit: 2,
    en: {
      text: '{option}: "{value}" does not come after the step before it.',
      hint: 'Each step is later than the one before, its share is not smaller, and no step is later than ten years.',
    },
    es: {
      text: '{option}: «{value}» no sigue a la etapa anterior.',
      hint: 'Cada etapa es posterior a la anterior, su porción no es menor, y ninguna está más allá de diez años.',
    },
  },
  'rollout-steps-many': {
    exit: 2,
    en: { text: '{option}: a rollout has at most {most} steps.', hint: 'Leave some out.' },
    es: { text: '{option}: una distribución tiene como máximo {most} etapas.', hint: 'Quite algunas.' },
  },
  'rollout-share-not-understood': {
    exit: 2,
    en: { text: '{option}: "{value}" is no share.', hint: 'Write it as 5% or 0.5%, from 0% to 100%.' },
    es: { text: '{option}: «{value}» no es una porción.', hint: 'Escríbala como 5% o 0.5%, de 0% a 100%.' },
  },
  'rollout-span-too-long': {
    exit: 2,
    en: { text: '{option}: "{value}" is longer than ten years.', hint: 'Give a shorter time, such as 7d.' },
    es: { text: '{option}: «{value}» es más que diez años.', hint: 'Indique menos tiempo, por ejemplo 7d.' },
  },
  'rollout-too-many-patterns': {
    exit: 4,
    en: {
      text: 'A rollout can have at most {most} patterns, models or builds of a kind, and these are {count}.',
      hint: 'Write fewer patterns that stand for more, or exact serial numbers.',
    },
    es: {
      text: 'Una distribución puede tener como máximo {most} patrones, modelos o versiones de un tipo, y estos son {count}.',
      hint: 'Escriba menos patrones que abarquen más, o números de serie exactos.',
    },
  },
  'rollout-quiet-not-understood': {
    exit: 2,
    en: {
      text: '{option}: "{value}" is no quiet time.',
      hint: 'Write two dates and why, such as 2026-11-23/2026-11-27=exams; both days are part of it. Hours can be given too: 2026-11-23T11:00:00Z/2026-11-23T15:00:00Z. At most 64.',
    },
    es: {
      text: '{option}: «{value}» no es un tiempo de calma.',
      hint: 'Escriba dos fechas y el motivo, por ejemplo 2026-11-23/2026-11-27=exámenes; ambos días están incluidos. También se pueden dar horas: 2026-11-23T11:00:00Z/2026-11-23T15:00:00Z. Como máximo 64.',
    },
  },
  'rollout-pattern-not-understood': {
    exit: 2,
    en: {
      text: '{option}: "{value}" stands for no device.',
      hint: 'Write a serial number or a model, with * for any characters and ? for one; @FILE for a file with one on each line.',
    },
    es: {
      text: '{option}: «{value}» no representa ningún equipo.',
      hint: 'Escriba un número de serie o un modelo, con * para cualquier texto y ? para un carácter; @ARCHIVO para un archivo con uno por línea.',
    },
  },
  'rollout-options-without-steps': {
    exit: 2,
    en: {
      text: '{option} belongs to a rollout, and none is asked for.',
      hint: 'Give its steps too: --rollout 1%@0h,10%@24h,100%@72h.',
    },
    es: {
      text: '{option} es parte de una distribución por etapas, y no se pide ninguna.',
      hint: 'Indique también sus etapas: --rollout 1%@0h,10%@24h,100%@72h.',
    },
  },
  'rollout-option-alone': {
    exit: 2,
    en: { text: '{option} needs {other} too.', hint: 'Give both.' },
    es: { text: '{option} necesita también {other}.', hint: 'Indique ambas.' },
  },
  'rollout-site-unknown': {
    exit: 3,
    en: {
      text: 'No site is called "{site}".',
      hint: '"satchel fleet sites" lists those that have joined; name one by its name or its id.',
    },
    es: {
      text: 'Ningún sitio se llama «{site}».',
      hint: '«satchel fleet sites» lista los que se unieron; indique uno por su nombre o su identificador.',
    },
  },
  'rollout-too-many-devices': {
    exit: 4,
    en: {
      text: 'A rollout can name at most {most} devices one by one, and these are {count}.',
      hint: 'Use patterns of serial numbers or models, fewer sites, or a smaller number of devices that wait at each.',
    },
    es: {
      text: 'Una distribución puede nombrar como máximo {most} equipos uno por uno, y estos son {count}.',
      hint: 'Use patrones de números de serie o modelos, menos sitios, o menos equipos que esperen en cada uno.',
    },
  },
  'rollout-nothing-before': {
    exit: 3,
    en: {
      text: 'The stream "{stream}" leads to {build}, and no build before it is left to go back to.',
      hint: 'Publish the old tree again under a new name; then it is the newest.',
    },
    es: {
      text: 'El canal «{stream}» lleva a {build}, y no queda ninguna versión anterior a la que volver.',
      hint: 'Publique el árbol viejo con un nombre nuevo; entonces es la más nueva.',
    },
  },
  'rollout-back-already': {
    exit: 4,
    en: {
      text: 'The stream "{stream}" was led back to {build} on {since} already.',
      hint: 'Devices follow when they next ask. To lead them further back, name the build: "satchel rollout back {stream} BUILD".',
    },
    es: {
      text: 'El canal «{stream}» ya volvió a {build} el {since}.',
      hint: 'Los equipos lo siguen la próxima vez que pregunten. Para volver más atrás, indique la versión: «satchel rollout back {stream} BUILD».',
    },
  },
  'rollout-not-back': {
    exit: 4,
    en: {
      text: '{build} is not older than {head}, which the stream "{stream}" leads to.',
      hint: 'To lead it forward, use "satchel rollout start {stream} {build}".',
    },
    es: {
      text: '{build} no es anterior a {head}, a la que lleva el canal «{stream}».',
      hint: 'Para llevarlo adelante, use «satchel rollout start {stream} {build}».',
    },
  },
  'rollout-device-unknown': {
    exit: 3,
    en: {
      text: 'Nothing is known of a device "{serial}" here.',
      hint: 'It has not reported to this place yet. Ask on the device itself, "satchel rollout explain --root DIR", or say what it runs: --running BUILD.',
    },
    es: {
      text: 'Aquí no se sabe nada de un equipo «{serial}».',
      hint: 'Todavía no informó a este lugar. Pregunte en el equipo mismo, «satchel rollout explain --root DIR», o diga qué versión tiene: --running VERSIÓN.',
    },
  },
  'rollout-explain-whom': {
    exit: 2,
    en: {
      text: 'Name a device by its serial number, or give --root on the device itself.',
      hint: '"satchel rollout explain SERIAL --repo DIR", or "satchel rollout explain --root DIR".',
    },
    es: {
      text: 'Indique un equipo por su número de serie, o use --root en el equipo mismo.',
      hint: '«satchel rollout explain SERIE --repo DIR», o «satchel rollout explain --root DIR».',
    },
  },
  'rollout-explain-unasked': {
    exit: 3,
    en: {
      text: 'The device in {root} has not asked for the stream "{stream}" yet, or what it was told cannot be used any more.',
      hint: 'Let it ask: "satchel check --root {root} --stream {stream}".',
    },
    es: {
      text: 'El equipo en {root} todavía no preguntó por el canal «{stream}», o lo que se le dijo ya no se puede usar.',
      hint: 'Haga que pregunte: «satchel check --root {root} --stream {stream}».',
    },
  },
  'simulate-too-many': {
    exit: 2,
    en: { text: '{option}: a simulation has at most {most}.', hint: 'Give a smaller number.' },
    es: { text: '{option}: una simulación tiene como máximo {most}.', hint: 'Indique un número menor.' },
  },
  'simulate-days-not-understood': {
    exit: 2,
    en: {
      text: '{option}: "{value}" are no days of a simulation.',
      hint: 'Count them from 0: 3 or 3-5; for power cuts with the share of the sites, 30%@3-5.',
    },
    es: {
      text: '{option}: «{value}» no son días de una simulación.',
      hint: 'Cuéntelos desde 0: 3 o 3-5; para cortes de luz con la porción de los sitios, 30%@3-5.',
    },
  },
  'rollout-halted-failed': words(
    'Halted by itself: the update to {build} failed on {count} of {of} devices ({share} %, allowed {limit} %).',
    'Detenido automáticamente: la actualización a {build} falló en {count} de {of} equipos ({share} %, permitido {limit} %).',
  ),
  'rollout-halted-left': words(
    'Halted by itself: of {of} devices that started {build}, {count} left it again ({share} %, allowed {limit} %).',
    'Detenido automáticamente: de {of} equipos que arrancaron {build}, {count} la abandonaron ({share} %, permitido {limit} %).',
  ),
  'rollout-halted-silent': words(
    'Halted by itself: {count} of {of} devices were not heard again after they took {build} ({share} %, allowed {limit} %).',
    'Detenido automáticamente: de {of} equipos que tomaron {build}, {count} no volvieron a informar ({share} %, permitido {limit} %).',
  ),
  'rollout-halted-by-itself': {
    en: {
      text: 'The stream "{stream}" was halted. {reason}',
      hint: 'Look at the reports; then "satchel rollout back {stream}" or "satchel rollout resume {stream}".',
    },
    es: {
      text: 'Se detuvo el canal «{stream}». {reason}',
      hint: 'Mire los informes; luego «satchel rollout back {stream}» o «satchel rollout resume {stream}».',
    },
  },
  'rollout-watch-failed': {
    en: {
      text: 'The rollout of the stream "{stream}" could not be looked after: {reason}',
      hint: 'It is tried again every minute; until then devices follow what is signed.',
    },
    es: {
      text: 'No se pudo atender la distribución del canal «{stream}»: {reason}',
      hint: 'Se intenta de nuevo cada minuto; hasta entonces los equipos siguen lo firmado.',
    },
  },
  'rollout-watch-no-keys': {
    exit: 4,
    en: {
      text: 'The online keys are not here, so no rollout can be looked after.',
      hint: 'Run it where the repository is published, or give --key-dir.',
    },
    es: {
      text: 'Aquí no están las claves en línea, así que no se puede atender ninguna distribución.',
      hint: 'Ejecútelo donde se publica el repositorio, o indique --key-dir.',
    },
  },
  'published-over-rollout': {
    en: {
      text: 'The stream "{stream}" was leading devices to {before} step by step; {build} goes to everybody at once.',
      hint: 'If that was not meant: "satchel rollout start {stream} --steps …", or "satchel rollout halt {stream}".',
    },
    es: {
      text: 'El canal «{stream}» llevaba los equipos a {before} por etapas; {build} va a todos a la vez.',
      hint: 'Si no era la intención: «satchel rollout start {stream} --steps …», o «satchel rollout halt {stream}».',
    },
  },
  'rollout-last-step-part': {
    en: {
      text: 'The last step is {share} %: the other devices stay on what they have.',
      hint: 'Begin another rollout of {build} when it may go to all.',
    },
    es: {
      text: 'La última etapa es {share} %: los demás equipos se quedan con lo que tienen.',
      hint: 'Comience otra distribución de {build} cuando pueda ir a todos.',
    },
  },
  'rollout-back-waypoints': {
    en: {
      text: 'The stream "{stream}" went back past {builds}: devices may pass over that on the way forward.',
      hint: 'If later builds depend on it, lead the stream there first: "satchel rollout start {stream} {build} --steps …".',
    },
    es: {
      text: 'El canal «{stream}» volvió más atrás de {builds}: de nuevo hacia adelante, los equipos pueden saltearla.',
      hint: 'Si hay versiones posteriores que dependen de ella, lleve primero el canal allí: «satchel rollout start {stream} {build} --steps …».',
    },
  },
  'rollout-group-of-nobody': {
    en: {
      text: 'No device is known at the sites named with {option} yet; devices that report from there are added while the origin runs.',
      hint: '"satchel fleet devices --site ID" lists the devices of a site.',
    },
    es: {
      text: 'Todavía no se conoce ningún equipo en los sitios indicados con {option}; los que informen desde allí se agregan mientras el origen funciona.',
      hint: '«satchel fleet devices --site ID» lista los equipos de un sitio.',
    },
  },
} as const satisfies MessageSet;
