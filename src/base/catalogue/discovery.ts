import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** Sentences of how devices find their place, and places are found. */
export const discoveryMessages = {
  'place-found': words('Asking {source}.', 'Se consulta {source}.'),
  'place-not-good': words('{source} is passed over: {reason}', 'Se pasa por alto {source}: {reason}'),
  'place-not-found': {
    exit: 1,
    en: {
      text: 'No source was found: neither at a set address, nor by multicast on the local network, nor at the host "schoolserver".',
      hint: 'Connect to the network of the site, or name a source with --source, a stick for example.',
    },
    es: {
      text: 'No se encontró ningún origen: ni en una dirección configurada, ni por multidifusión en la red local, ni en el equipo «schoolserver».',
      hint: 'Conéctese a la red del sitio, o indique un origen con --source, por ejemplo una memoria USB.',
    },
  },
  'places-of-several': {
    exit: 4,
    en: {
      text: 'More than one organisation answers on this network, and nothing says which one this device belongs to.',
      hint: 'Give the hash that "satchel init" printed with --trust, or name the source with --source URL.',
    },
    es: {
      text: 'Responde más de una organización en esta red, y nada dice a cuál pertenece este equipo.',
      hint: 'Indique con --trust la suma que mostró «satchel init», o el origen con --source URL.',
    },
  },
  'option-no-advertise': words(
    'do not tell the local network where this server is',
    'no anunciar este servidor en la red local',
  ),
  'option-addresses': words(
    'with --source auto: ask here before looking elsewhere; may be repeated',
    'con --source auto: consultar aquí antes de buscar en otra parte; puede repetirse',
  ),
  'option-addresses-set': words(
    'with --source auto: ask here before looking elsewhere; may be repeated, "none" for no such address',
    'con --source auto: consultar aquí antes de buscar en otra parte; puede repetirse, «none» para ninguna',
  ),
  'result-device-addresses': words('Asked first: {addresses}', 'Se consulta primero: {addresses}'),
} as const satisfies MessageSet;
