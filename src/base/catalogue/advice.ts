import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** Sentences of `src/advice/`: what devices should run. */
export const adviceMessages = {
  'stream-halted': {
    exit: 4,
    en: {
      text: 'The stream "{stream}" has been halted since {since} ({reason}), and this device has no build to stay on.',
      hint: 'Wait until it is resumed, or name a build.',
    },
    es: {
      text: 'El canal «{stream}» está detenido desde {since} ({reason}), y este equipo no tiene ninguna versión en la que quedarse.',
      hint: 'Espere a que se reanude, o indique una versión.',
    },
  },
  'halt-reason-too-long': {
    exit: 2,
    en: { text: '{option}: a reason has at most {most} characters.', hint: 'Say it shorter.' },
    es: { text: '{option}: un motivo tiene como máximo {most} caracteres.', hint: 'Dígalo más corto.' },
  },
  'published-while-halted': words(
    'The stream "{stream}" is halted: devices do not take {build} before "satchel stream resume {stream}".',
    'El canal «{stream}» está detenido: los equipos no toman {build} antes de «satchel stream resume {stream}».',
  ),
  'help-group-stream': words('what streams stand for', 'qué representan los canales'),
  'help-stream-halt': words(
    'keep devices from updating along a stream',
    'impide que los equipos se actualicen por un canal',
  ),
  'help-stream-resume': words('let devices update again', 'deja que los equipos se actualicen de nuevo'),
  'help-stream-list': words('show what each stream stands for', 'muestra qué representa cada canal'),
  'result-stream-none': words('There are no streams yet.', 'Todavía no hay canales.'),
  'help-stream-show': words('show what a stream stands for', 'muestra qué representa un canal'),
  'argument-stream': words('a stream of the repository', 'un canal del repositorio'),
  'option-halt-reason': words('why, for people who ask', 'por qué, para quien pregunte'),
  'halt-no-reason': words('no reason given', 'sin motivo indicado'),
  'result-stream-halted': words(
    'The stream "{stream}" is halted; devices stay on what they have. Resume it with "satchel stream resume {stream}".',
    'El canal «{stream}» está detenido; los equipos se quedan con lo que tienen. Reanúdelo con «satchel stream resume {stream}».',
  ),
  'result-stream-halted-already': words(
    'The stream "{stream}" was halted already.',
    'El canal «{stream}» ya estaba detenido.',
  ),
  'result-stream-resumed': words(
    'The stream "{stream}" leads to {build} again.',
    'El canal «{stream}» lleva de nuevo a {build}.',
  ),
  'result-stream-not-halted': words(
    'The stream "{stream}" is not halted; nothing was changed.',
    'El canal «{stream}» no está detenido; no se cambió nada.',
  ),
  'result-stream-head': words(
    '{stream}: {build}, published {published}',
    '{stream}: {build}, publicada {published}',
  ),
  'result-stream-before': words('before: {builds}', 'antes: {builds}'),
  'result-stream-halt': words('halted since {since}: {reason}', 'detenido desde {since}: {reason}'),
  'result-device-halted': words(
    'The stream "{stream}" has been halted since {since} ({reason}); this device stays on {build}.',
    'El canal «{stream}» está detenido desde {since} ({reason}); este equipo se queda en {build}.',
  ),
} as const satisfies MessageSet;
