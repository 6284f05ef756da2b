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
  'advertise-failed': {
    en: {
      text: 'Devices cannot find this server by themselves, because it cannot speak multicast DNS (UDP port 5353): {reason}',
      hint: 'Give devices its address, or call this machine "schoolserver". With --no-advertise it is not tried.',
    },
    es: {
      text: 'Los equipos no pueden encontrar este servidor por sí solos, porque no puede usar DNS de multidifusión (puerto UDP 5353): {reason}',
      hint: 'Dé a los equipos su dirección, o llame «schoolserver» a esta máquina. Con --no-advertise no se intenta.',
    },
  },
  'advertise-not-yet': {
    en: {
      text: 'Devices cannot find this server by themselves yet, because it is not known which organisation it belongs to: {reason}',
      hint: 'It is tried again every few seconds.',
    },
    es: {
      text: 'Los equipos aún no pueden encontrar este servidor por sí solos, porque no se sabe a qué organización pertenece: {reason}',
      hint: 'Se vuelve a intentar cada pocos segundos.',
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
