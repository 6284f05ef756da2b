import type { MessageSet } from '../message.ts';
import { cliHelpMessages } from './cli-help.ts';

const dateExample = '2007-11-02, 2007-11-02T12:00:00Z, @1194004800';

/** Sentences of `src/cli/`. */
export const cliMessages = {
  ...cliHelpMessages,

  'internal-error': {
    exit: 1,
    en: {
      text: 'This is a bug in Satchel ({what}).',
      hint: 'Please report it with what you ran; the same command with SATCHEL_DEBUG=1 shows where it happened.',
    },
    es: {
      text: 'Esto es un error de programación de Satchel ({what}).',
      hint: 'Por favor avise qué ejecutó; la misma orden con SATCHEL_DEBUG=1 muestra dónde ocurrió.',
    },
  },
  'command-needed': {
    exit: 2,
    en: { text: 'A command is missing.', hint: '"satchel help" lists them.' },
    es: { text: 'Falta la orden.', hint: '«satchel help» las muestra.' },
  },
  'command-incomplete': {
    exit: 2,
    en: { text: '"{command}" needs one more word.', hint: '"satchel help {command}" lists what it can do.' },
    es: {
      text: '«{command}» necesita una palabra más.',
      hint: '«satchel help {command}» muestra cuáles hay.',
    },
  },
  'command-unknown': {
    exit: 2,
    en: { text: 'There is no command "{command}".', hint: '"satchel help" lists those that there are.' },
    es: { text: 'No existe la orden «{command}».', hint: '«satchel help» muestra las que hay.' },
  },
  'command-unknown-similar': {
    exit: 2,
    en: { text: 'There is no command "{command}".', hint: 'Did you mean "{similar}"?' },
    es: { text: 'No existe la orden «{command}».', hint: '¿Quiso decir «{similar}»?' },
  },
  'option-unknown': {
    exit: 2,
    en: { text: 'There is no option {option} here.', hint: '"satchel help {command}" lists the options.' },
    es: {
      text: 'Aquí no existe la opción {option}.',
      hint: '«satchel help {command}» muestra las opciones.',
    },
  },
  'option-unknown-similar': {
    exit: 2,
    en: { text: 'There is no option {option} here.', hint: 'Did you mean {similar}?' },
    es: { text: 'Aquí no existe la opción {option}.', hint: '¿Quiso decir {similar}?' },
  },
  'option-needed': {
    exit: 2,
    en: { text: '{option} is missing.', hint: 'Add it and run the command again.' },
    es: { text: 'Falta {option}.', hint: 'Agréguela y repita la orden.' },
  },
  'one-option-needed': {
    exit: 2,
    en: { text: 'One of {options} is missing.', hint: 'Add at least one and run the command again.' },
    es: { text: 'Falta una de {options}.', hint: 'Agregue al menos una y repita la orden.' },
  },
  'option-or-variable-needed': {
    exit: 2,
    en: { text: '{option} is missing.', hint: 'Add it, or set {variable} in the environment.' },
    es: { text: 'Falta {option}.', hint: 'Agréguela, o defina {variable} en el entorno.' },
  },
  'option-without-value': {
    exit: 2,
    en: { text: '{option} needs a value.', hint: '"satchel help {command}" says which.' },
    es: { text: '{option} necesita un valor.', hint: '«satchel help {command}» dice cuál.' },
  },
  'options-conflict': {
    exit: 2,
    en: { text: '{first} and {second} exclude each other.', hint: 'Leave one of them out.' },
    es: { text: '{first} y {second} se excluyen.', hint: 'Quite una de las dos.' },
  },
  'argument-needed': {
    exit: 2,
    en: { text: '{argument} is missing.', hint: 'Add it and run the command again.' },
    es: { text: 'Falta {argument}.', hint: 'Agréguelo y repita la orden.' },
  },
  'argument-unexpected': {
    exit: 2,
    en: { text: 'The word "{argument}" is one too many.', hint: '"satchel help {command}" shows the form.' },
    es: { text: 'La palabra «{argument}» sobra.', hint: '«satchel help {command}» muestra la forma.' },
  },
  'value-empty': {
    exit: 2,
    en: { text: '{option}: "{value}" is empty.', hint: 'Give it a value.' },
    es: { text: '{option}: «{value}» está vacío.', hint: 'Escriba un valor.' },
  },
  'size-not-understood': {
    exit: 2,
    en: { text: '{option}: "{value}" is not a size.', hint: 'Write it like 1500, 200MB, 1.5GB or 16GiB.' },
    es: {
      text: '{option}: «{value}» no es un tamaño.',
      hint: 'Escríbalo como 1500, 200MB, 1.5GB o 16GiB.',
    },
  },
  'rate-not-understood': {
    exit: 2,
    en: { text: '{option}: "{value}" is not a rate.', hint: 'Write it like 500kB, 1.5MB/s or 2Mbit/s.' },
    es: {
      text: '{option}: «{value}» no es una velocidad.',
      hint: 'Escríbala como 500kB, 1.5MB/s o 2Mbit/s.',
    },
  },
  'count-not-understood': {
    exit: 2,
    en: { text: '{option}: "{value}" is not a whole number.', hint: 'Write a number from 1 on.' },
    es: { text: '{option}: «{value}» no es un número entero.', hint: 'Escriba un número desde 1.' },
  },
  'deltas-not-understood': {
    exit: 2,
    en: {
      text: '{option}: "{value}" is not a number of builds.',
      hint: 'Write a number from 0 (no deltas) to 16.',
    },
    es: {
      text: '{option}: «{value}» no es un número de versiones.',
      hint: 'Escriba un número de 0 (sin deltas) a 16.',
    },
  },
  'duration-not-understood': {
    exit: 2,
    en: {
      text: '{option}: "{value}" is not a length of time.',
      hint: 'Write it like 90s, 15min, 12h, 7d or 2w.',
    },
    es: { text: '{option}: «{value}» no es una duración.', hint: 'Escríbala como 90s, 15min, 12h, 7d o 2w.' },
  },
  'timeout-out-of-range': {
    exit: 2,
    en: {
      text: '{option}: "{value}" is not between one second and a day.',
      hint: 'Write it like 30s or 5min.',
    },
    es: {
      text: '{option}: «{value}» no está entre un segundo y un día.',
      hint: 'Escríbalo como 30s o 5min.',
    },
  },
  'date-not-understood': {
    exit: 2,
    en: { text: '{option}: "{value}" is not a date.', hint: `Write it like ${dateExample}.` },
    es: { text: '{option}: «{value}» no es una fecha.', hint: `Escríbala como ${dateExample}.` },
  },
  'address-not-understood': {
    exit: 2,
    en: {
      text: '{option}: "{value}" is not an address to listen on.',
      hint: 'Write it like 8400, 127.0.0.1:8400 or [::1]:8400.',
    },
    es: {
      text: '{option}: «{value}» no es una dirección donde escuchar.',
      hint: 'Escríbala como 8400, 127.0.0.1:8400 o [::1]:8400.',
    },
  },
  'hash-not-understood': {
    exit: 2,
    en: { text: '{option}: "{value}" is not a hash.', hint: 'A SHA-256 has 64 hex digits.' },
    es: { text: '{option}: «{value}» no es un hash.', hint: 'Un SHA-256 tiene 64 dígitos hexadecimales.' },
  },
  'trust-not-understood': {
    exit: 2,
    en: {
      text: '{option}: "{value}" is neither a SHA-256 (64 hex digits) nor a file that exists.',
      hint: '"satchel init" printed the hash; the people who run the repository can tell it.',
    },
    es: {
      text: '{option}: «{value}» no es ni un SHA-256 (64 dígitos hexadecimales) ni un archivo que exista.',
      hint: '«satchel init» mostró el hash; lo saben quienes administran el repositorio.',
    },
  },
  'source-not-understood': {
    exit: 2,
    en: {
      text: '{option}: "{value}" is neither a URL of a repository nor a directory that exists.',
      hint: 'Write it like http://site:8400, https://…, file:///media/stick or /media/stick.',
    },
    es: {
      text: '{option}: «{value}» no es el URL de un repositorio ni un directorio que exista.',
      hint: 'Escríbalo como http://sitio:8400, https://…, file:///media/memoria o /media/memoria.',
    },
  },
  'version-not-understood': {
    exit: 2,
    en: { text: '{option}: "{value}" is not a version.', hint: 'Write it like 1.2.0.' },
    es: { text: '{option}: «{value}» no es una versión.', hint: 'Escríbala como 1.2.0.' },
  },
  'choice-not-understood': {
    exit: 2,
    en: { text: '{option}: "{value}" is not one of its choices.', hint: 'Choose from: {choices}.' },
    es: { text: '{option}: «{value}» no es una de las posibilidades.', hint: 'Elija entre: {choices}.' },
  },

  'step-read': { en: { text: 'read' }, es: { text: 'leer' } },
  'step-pack': { en: { text: 'pack' }, es: { text: 'empacar' } },
  'step-store': { en: { text: 'store' }, es: { text: 'guardar' } },
  'step-delta': { en: { text: 'delta' }, es: { text: 'delta' } },
  'step-sign': { en: { text: 'sign' }, es: { text: 'firmar' } },
  'step-check': { en: { text: 'check' }, es: { text: 'consultar' } },
  'step-plan': { en: { text: 'plan' }, es: { text: 'planear' } },
  'step-fetch': { en: { text: 'fetch' }, es: { text: 'descargar' } },
  'step-stage': { en: { text: 'stage' }, es: { text: 'preparar' } },
  'step-verify': { en: { text: 'verify' }, es: { text: 'verificar' } },
  'step-switch': { en: { text: 'switch' }, es: { text: 'cambiar' } },
  'step-delete': { en: { text: 'delete' }, es: { text: 'borrar' } },
  'progress-of': { en: { text: '{done} of {total}' }, es: { text: '{done} de {total}' } },
  'progress-files': { en: { text: '{count} files' }, es: { text: '{count} archivos' } },
  'progress-entries': { en: { text: '{count} entries' }, es: { text: '{count} entradas' } },
  'progress-left': { en: { text: '{time} left' }, es: { text: 'faltan {time}' } },
  'progress-done': { en: { text: '{amount} in {time}' }, es: { text: '{amount} en {time}' } },
} as const satisfies MessageSet;
