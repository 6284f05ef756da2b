import type { MessageSet } from '../message.ts';

/** Sentences of `src/repository/`. */
export const repositoryMessages = {
  'repository-not-directory': {
    exit: 2,
    en: { text: '{location} is a file, not the directory of a repository.', hint: 'Check --repo.' },
    es: { text: '{location} es un archivo, no el directorio de un repositorio.', hint: 'Revise --repo.' },
  },
  'build-not-found': {
    exit: 3,
    en: {
      text: 'There is no build "{name}" in {location}.',
      hint: 'Run "satchel list" to see the builds that are there.',
    },
    es: {
      text: 'No hay una versión «{name}» en {location}.',
      hint: 'Ejecute «satchel list» para ver las que hay.',
    },
  },
  'stream-not-found': {
    exit: 3,
    en: {
      text: 'There is no stream "{name}" in {location}.',
      hint: 'Run "satchel list" to see the streams that are there; "satchel publish --stream {name}" starts one.',
    },
    es: {
      text: 'No hay un canal «{name}» en {location}.',
      hint: 'Ejecute «satchel list» para ver los que hay; «satchel publish --stream {name}» crea uno.',
    },
  },
  'stored-file-damaged': {
    exit: 1,
    en: {
      text: 'The stored file {file} of {location} is damaged: its bytes are not the ones that were signed.',
      hint: 'Run "satchel fsck --repair-from URL" on the repository, where URL is another copy of it.',
    },
    es: {
      text: 'El archivo {file} de {location} está dañado: sus bytes no son los firmados.',
      hint: 'Ejecute «satchel fsck --repair-from URL» en el repositorio, donde URL es otra copia.',
    },
  },
  'map-of-other-index': {
    exit: 1,
    en: {
      text: 'The map does not belong to the build: it was made for the index {index}.',
      hint: 'Run "satchel fsck" on the repository.',
    },
    es: {
      text: 'El mapa no pertenece a la versión: se hizo para el índice {index}.',
      hint: 'Ejecute «satchel fsck» en el repositorio.',
    },
  },
  'build-exists': {
    exit: 1,
    en: {
      text: 'There is already another build with the name "{name}" in {location}.',
      hint: 'A name stands for one content for ever. Publish under a new name, or remove the old build first.',
    },
    es: {
      text: 'Ya hay otra versión con el nombre «{name}» en {location}.',
      hint: 'Un nombre significa un contenido para siempre. Publique con otro nombre, o elimine antes la anterior.',
    },
  },
  'build-already-published': {
    en: { text: 'The build {name} is published already, with the same content.' },
    es: { text: 'La versión {name} ya está publicada, con el mismo contenido.' },
  },
  'build-in-stream': {
    exit: 4,
    en: {
      text: 'The build {name} is the head of the stream "{stream}".',
      hint: 'Publish another build to that stream first.',
    },
    es: {
      text: 'La versión {name} es la actual del canal «{stream}».',
      hint: 'Publique antes otra versión en ese canal.',
    },
  },
  'build-is-waypoint': {
    exit: 4,
    en: {
      text: 'The build {name} is a waypoint of the stream "{stream}": devices that are older must run it first.',
      hint: 'Keep it as long as such devices may be out there.',
    },
    es: {
      text: 'La versión {name} es un paso obligado del canal «{stream}»: los equipos más viejos deben arrancarla primero.',
      hint: 'Consérvela mientras pueda haber equipos así.',
    },
  },
  'delta-not-found': {
    exit: 3,
    en: {
      text: 'There is no delta from {from} to {to} in {location}.',
      hint: 'Run "satchel delta list" to see those that are there; "satchel delta create {from} {to}" makes it.',
    },
    es: {
      text: 'No hay un delta de {from} a {to} en {location}.',
      hint: 'Ejecute «satchel delta list» para ver los que hay; «satchel delta create {from} {to}» lo crea.',
    },
  },
  'delta-same-build': {
    exit: 2,
    en: {
      text: 'A delta leads from one build to another, and {name} was named twice.',
      hint: 'Name the build that devices have and the one that they are to get.',
    },
    es: {
      text: 'Un delta lleva de una versión a otra, y {name} se nombró dos veces.',
      hint: 'Nombre la versión que tienen los equipos y la que deben recibir.',
    },
  },
  'build-changed-meanwhile': {
    exit: 1,
    en: {
      text: 'The build {name} was removed, renamed or replaced while a delta was made; the delta was not published.',
      hint: 'Run "satchel list" to see the builds that are there, and make the delta anew if it is still wanted.',
    },
    es: {
      text: 'La versión {name} se eliminó, se renombró o se reemplazó mientras se creaba un delta; el delta no se publicó.',
      hint: 'Ejecute «satchel list» para ver las versiones que hay, y cree el delta de nuevo si aún hace falta.',
    },
  },
  'delta-already-there': {
    en: { text: 'The delta from {from} to {to} is there already; prune will keep it.' },
    es: { text: 'El delta de {from} a {to} ya está; la limpieza lo conservará.' },
  },
  'delta-not-made': {
    en: { text: 'The delta from {from} to {to} was not made:' },
    es: { text: 'El delta de {from} a {to} no se creó:' },
  },
  'delta-maker-busy': {
    en: { text: 'Another process ({process}) makes deltas in this repository; waiting until it is done.' },
    es: { text: 'Otro proceso ({process}) crea deltas en este repositorio; se espera a que termine.' },
  },
  'delta-still-wanted': {
    en: {
      text: 'The stream {stream} wants the delta from {from} to {to}, so "satchel delta create --missing" makes it again; "satchel publish --deltas N" changes how many a stream wants.',
    },
    es: {
      text: 'El canal {stream} quiere el delta de {from} a {to}, así que «satchel delta create --missing» lo creará de nuevo; «satchel publish --deltas N» cambia cuántos quiere un canal.',
    },
  },
  'stream-goes-back': {
    exit: 4,
    en: {
      text: 'The stream "{stream}" would go back from {from} to {to}, which was published earlier.',
      hint: 'Going back is "satchel rollout back {stream} {to}", and needs the offline key. On one device, name the build: "satchel update {to}".',
    },
    es: {
      text: 'El canal «{stream}» volvería de {from} a {to}, publicada antes.',
      hint: 'Para volver está «satchel rollout back {stream} {to}», que requiere la clave fuera de línea. En un solo equipo, nombre la versión: «satchel update {to}».',
    },
  },
} as const satisfies MessageSet;
