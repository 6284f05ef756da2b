import type { MessageSet } from '../message.ts';

/** Sentences about the signed lists for machines that run satchel-lite. */
export const liteMessages = {
  'signature-line-invalid': {
    exit: 1,
    en: {
      text: 'This is no line with a signature or key as the laptops know it: "{line}".',
      hint: 'Such a line begins with "sig01: " or "key01: " and holds lower-case hex digits for an RSA key of 2048 bits.',
    },
    es: {
      text: 'Esta no es una línea de firma o de clave como las de las laptops: «{line}».',
      hint: 'Tal línea empieza con «sig01: » o «key01: » y contiene dígitos hexadecimales en minúsculas de una clave RSA de 2048 bits.',
    },
  },
  'lite-keys-missing': {
    exit: 1,
    en: {
      text: 'There is no key for satchel-lite in {directory}.',
      hint: 'Run "satchel keys create lite" to make one.',
    },
    es: {
      text: 'No hay ninguna clave para satchel-lite en {directory}.',
      hint: 'Ejecute «satchel keys create lite» para crear una.',
    },
  },
  'lite-path-left-out': {
    en: {
      text: 'The stream {stream} is not offered to satchel-lite: {path} in {build} has a control character in its name or target.',
      hint: 'Rename it and publish again; other devices are not affected.',
    },
    es: {
      text: 'El canal {stream} no se ofrece a satchel-lite: {path} de {build} tiene un carácter de control en su nombre o destino.',
      hint: 'Cámbiele el nombre y publique de nuevo; los demás equipos no están afectados.',
    },
  },
  'lite-attribute-left-out': {
    en: {
      text: 'The stream {stream} is not offered to satchel-lite: {path} in {build} has an extended attribute that rsync does not carry or whose name a list cannot hold.',
      hint: 'Remove it ("getfattr -d -m -" shows it) and publish again; other devices are not affected.',
    },
    es: {
      text: 'El canal {stream} no se ofrece a satchel-lite: {path} de {build} tiene un atributo extendido que rsync no lleva o cuyo nombre no cabe en una lista.',
      hint: 'Quítelo («getfattr -d -m -» lo muestra) y publique de nuevo; los demás equipos no están afectados.',
    },
  },
  'lite-stream-name-left-out': {
    en: {
      text: 'The stream {stream} is not offered to satchel-lite, because its name ends like that of a list.',
      hint: 'Use a stream whose name does not end in ".sum".',
    },
    es: {
      text: 'El canal {stream} no se ofrece a satchel-lite, porque su nombre termina como el de una lista.',
      hint: 'Use un canal cuyo nombre no termine en «.sum».',
    },
  },
  'lite-not-written': {
    en: {
      text: 'The lists for satchel-lite were not renewed: {reason}',
      hint: 'The publication itself is done. Run "satchel lite refresh" when the cause is gone.',
    },
    es: {
      text: 'No se renovaron las listas para satchel-lite: {reason}',
      hint: 'La publicación en sí está hecha. Ejecute «satchel lite refresh» cuando la causa haya desaparecido.',
    },
  },
  'result-fsck-lite': {
    en: {
      text: '{file} does not say what the repository says of {build}; run "satchel lite refresh".',
    },
    es: {
      text: '{file} no dice de {build} lo que dice el repositorio; ejecute «satchel lite refresh».',
    },
  },
  'result-lite-refresh': {
    en: { text: 'Lists for satchel-lite: {written} written, {current} as they were.' },
    es: { text: 'Listas para satchel-lite: {written} escritas, {current} como estaban.' },
  },
  'result-lite-key': {
    en: { text: 'The public keys for devices with satchel-lite are in {path}.' },
    es: { text: 'Las claves públicas para equipos con satchel-lite están en {path}.' },
  },
  'result-keys-lite': {
    en: { text: 'lite: lists for satchel-lite, key {keyId}, made {created}' },
    es: { text: 'lite: listas para satchel-lite, clave {keyId}, creada {created}' },
  },
  'help-lite-refresh': {
    en: { text: 'write the signed lists for satchel-lite again where they are old' },
    es: { text: 'escribe de nuevo las listas firmadas para satchel-lite que estén viejas' },
  },
  'help-group-lite': {
    en: { text: 'lists for machines with a shell only' },
    es: { text: 'listas para máquinas que solo tienen un intérprete de órdenes' },
  },
} as const satisfies MessageSet;
