import type { MessageSet } from '../message.ts';

/** Sentences of `src/server/`: why it does not start, what it answers, and the words of its page. */
export const serverMessages = {
  'server-address-in-use': {
    exit: 1,
    en: {
      text: 'Another program is already listening on {address}.',
      hint: 'Stop that program, or choose another port with --listen HOST:PORT.',
    },
    es: {
      text: 'Otro programa ya escucha en {address}.',
      hint: 'Detenga ese programa, o elija otro puerto con --listen HOST:PUERTO.',
    },
  },
  'server-address-not-permitted': {
    exit: 1,
    en: {
      text: 'The system does not let this user listen on {address}.',
      hint: 'Choose a port of 1024 or above with --listen HOST:PORT, or put a web server in front.',
    },
    es: {
      text: 'El sistema no permite que este usuario escuche en {address}.',
      hint: 'Elija un puerto desde 1024 con --listen HOST:PUERTO, o ponga un servidor web delante.',
    },
  },
  'server-address-unavailable': {
    exit: 1,
    en: {
      text: 'This machine has no address {address} to listen on: {reason}.',
      hint: 'Use an address of this machine with --listen HOST:PORT, for example 0.0.0.0:8080 for all of them.',
    },
    es: {
      text: 'Esta máquina no tiene la dirección {address} para escuchar: {reason}.',
      hint: 'Use una dirección de esta máquina con --listen HOST:PUERTO, por ejemplo 0.0.0.0:8080 para todas.',
    },
  },
  'server-renewal-failed': {
    en: {
      text: 'The online metadata could not be renewed: {reason}',
      hint: 'Devices go on with what is there; the next attempt is in {minutes} minutes.',
    },
    es: {
      text: 'No se pudieron renovar los metadatos en línea: {reason}',
      hint: 'Los equipos siguen con lo que hay; el próximo intento es en {minutes} minutos.',
    },
  },
  'server-read-failed': {
    en: {
      text: 'The file {name} of the repository could not be read: {reason}',
      hint: 'Check the disk and who owns the file, then run: satchel fsck.',
    },
    es: {
      text: 'No se pudo leer el archivo {name} del repositorio: {reason}',
      hint: 'Revise el disco y el dueño del archivo, y ejecute: satchel fsck.',
    },
  },
  'server-page-failed': {
    en: {
      text: 'What the page shows could not be read from the repository: {reason}',
      hint: 'Run: satchel fsck.',
    },
    es: {
      text: 'No se pudo leer del repositorio lo que muestra la página: {reason}',
      hint: 'Ejecute: satchel fsck.',
    },
  },
  'server-metadata-unreadable': {
    en: {
      text: 'The signed metadata in {name} cannot be read.',
      hint: 'Check that the repository is at the place being served, then run: satchel fsck.',
    },
    es: {
      text: 'No se pueden leer los metadatos firmados en {name}.',
      hint: 'Compruebe que el repositorio está en el lugar que se sirve, y ejecute: satchel fsck.',
    },
  },
  'server-metadata-expired': {
    en: {
      text: 'The signed metadata in {name} expired on {date}.',
      hint: 'Check the clock and that the server has the online keys, then look in its log for the renewal.',
    },
    es: {
      text: 'Los metadatos firmados en {name} vencieron el {date}.',
      hint: 'Revise el reloj y que el servidor tenga las claves en línea, y busque la renovación en su registro.',
    },
  },

  'answer-not-found': {
    en: { text: 'There is nothing here.' },
    es: { text: 'Aquí no hay nada.' },
  },
  'answer-method-not-allowed': {
    en: { text: 'Only GET and HEAD are answered here.' },
    es: { text: 'Aquí solo se responde a GET y HEAD.' },
  },
  'answer-bad-request': {
    en: { text: 'The request could not be understood.' },
    es: { text: 'No se entendió el pedido.' },
  },
  'answer-range-not-satisfiable': {
    en: { text: 'The file has {size} bytes; the range asked for lies beyond them.' },
    es: { text: 'El archivo tiene {size} bytes; el rango pedido queda más allá.' },
  },
  'answer-precondition-failed': {
    en: { text: 'The file is no longer the one that the request names.' },
    es: { text: 'El archivo ya no es el que nombra el pedido.' },
  },
  'answer-forbidden': {
    en: { text: 'The server may not read this file.' },
    es: { text: 'El servidor no puede leer este archivo.' },
  },
  'answer-busy': {
    en: { text: 'The server is busy. Try again in a few seconds.' },
    es: { text: 'El servidor está ocupado. Intente de nuevo en unos segundos.' },
  },
  'answer-failed': {
    en: { text: 'The server failed to answer. Its log says why.' },
    es: { text: 'El servidor no pudo responder. Su registro dice por qué.' },
  },

  'page-title': {
    en: { text: 'Satchel repository' },
    es: { text: 'Repositorio Satchel' },
  },
  'page-introduction': {
    en: { text: 'Operating-system builds that devices update from at this address.' },
    es: { text: 'Versiones del sistema operativo que los equipos toman de esta dirección.' },
  },
  'page-failed': {
    en: { text: 'The repository cannot be read right now. The server’s log says why.' },
    es: { text: 'El repositorio no se puede leer en este momento. El registro del servidor dice por qué.' },
  },
  'page-streams': { en: { text: 'Streams' }, es: { text: 'Canales' } },
  'page-streams-none': {
    en: { text: 'No stream names a build yet.' },
    es: { text: 'Ningún canal nombra todavía una versión.' },
  },
  'page-builds': { en: { text: 'Builds' }, es: { text: 'Versiones' } },
  'page-builds-none': {
    en: { text: 'Nothing has been published yet.' },
    es: { text: 'Todavía no se ha publicado nada.' },
  },
  'page-costs': { en: { text: 'What an update costs' }, es: { text: 'Cuánto cuesta actualizar' } },
  'page-costs-explained': {
    en: {
      text: 'Bytes that a device downloads to go from one build to another, fetching only what it lacks.',
    },
    es: {
      text: 'Bytes que un equipo descarga para pasar de una versión a otra, solo lo que le falta.',
    },
  },
  'page-costs-none': {
    en: { text: 'There is only one build, so there is nothing to update between.' },
    es: { text: 'Hay una sola versión; no hay entre cuáles actualizar.' },
  },
  'page-requests': { en: { text: 'Last requests' }, es: { text: 'Últimos pedidos' } },
  'page-requests-none': {
    en: { text: 'No device has asked since the server was started.' },
    es: { text: 'Ningún equipo ha pedido nada desde que arrancó el servidor.' },
  },
  'page-column-name': { en: { text: 'Name' }, es: { text: 'Nombre' } },
  'page-column-files': { en: { text: 'Files' }, es: { text: 'Archivos' } },
  'page-column-tree': { en: { text: 'Unpacked' }, es: { text: 'Desempaquetada' } },
  'page-column-stored': { en: { text: 'Stored' }, es: { text: 'Almacenada' } },
  'page-column-published': { en: { text: 'Published' }, es: { text: 'Publicada' } },
  'page-column-streams': { en: { text: 'Streams' }, es: { text: 'Canales' } },
  'page-column-head': { en: { text: 'Current build' }, es: { text: 'Versión actual' } },
  'page-column-from': { en: { text: 'From' }, es: { text: 'Desde' } },
  'page-column-to': { en: { text: 'To' }, es: { text: 'Hasta' } },
  'page-column-bytes': { en: { text: 'Download' }, es: { text: 'Descarga' } },
  'page-column-delta': { en: { text: 'By delta' }, es: { text: 'Por delta' } },
  'page-column-time': { en: { text: 'Time (UTC)' }, es: { text: 'Hora (UTC)' } },
  'page-column-request': { en: { text: 'Request' }, es: { text: 'Pedido' } },
  'page-column-status': { en: { text: 'Status' }, es: { text: 'Estado' } },
  'page-column-sent': { en: { text: 'Sent' }, es: { text: 'Enviado' } },
  'page-column-duration': { en: { text: 'Took' }, es: { text: 'Duración' } },
  'page-other-language': { en: { text: 'Ver en español' }, es: { text: 'View in English' } },
  'page-as-json': { en: { text: 'The same as JSON' }, es: { text: 'Lo mismo en JSON' } },
} as const satisfies MessageSet;
