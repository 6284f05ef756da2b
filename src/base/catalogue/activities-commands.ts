import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** What the commands about activities and content say, and their help. */
export const activitiesCommandsMessages = {
  'help-group-activity': words(
    'activities and libraries beside the OS',
    'actividades y bibliotecas junto al sistema',
  ),
  'help-group-content': words('anything else beside the OS', 'todo lo demás junto al sistema'),
  'help-activity-publish': words(
    'publish versions of activities (.xo) and libraries (.xol)',
    'publica versiones de actividades (.xo) y bibliotecas (.xol)',
  ),
  'help-activity-list': words('list groups of activities', 'lista los grupos de actividades'),
  'help-activity-group': words('make or describe a group', 'crea o describe un grupo'),
  'help-activity-promote': words(
    'give a published version to another stream',
    'da una versión publicada a otro canal',
  ),
  'help-activity-remove': words('stop offering an activity', 'deja de ofrecer una actividad'),
  'help-content-publish': words(
    'publish a directory that devices carry beside the OS',
    'publica un directorio que los equipos llevan junto al sistema',
  ),
  'argument-activity-files': words('bundles: .xo or .xol files', 'paquetes: archivos .xo o .xol'),
  'argument-activity-group': words('the name of the group', 'el nombre del grupo'),
  'argument-activity-id': words(
    'the id of a bundle, such as org.laptop.Maze',
    'el id de un paquete, como org.laptop.Maze',
  ),
  'argument-activity-version': words('a version of it', 'una versión suya'),
  'argument-activity-version-or-all': words(
    'one version; without it all of them',
    'una versión; sin ella, todas',
  ),
  'argument-content-directory': words('what to publish', 'lo que se publica'),
  'option-activity-group': words(
    'the group that it belongs to ("default" without it)',
    'el grupo al que pertenece («default» si no se dice)',
  ),
  'option-activity-group-only': words('only this group', 'solo este grupo'),
  'option-activity-streams': words(
    'the devices of this stream get it ("stable" without it); may be repeated',
    'lo reciben los equipos de este canal («stable» si no se dice); puede repetirse',
  ),
  'option-activity-stream': words('the stream that gets it', 'el canal que lo recibe'),
  'option-activity-optional': words(
    'devices install it only when somebody asks for it',
    'los equipos lo instalan solo si alguien lo pide',
  ),
  'option-activity-keep': words(
    'versions of one bundle that stay on offer (2)',
    'versiones de un mismo paquete que siguen en oferta (2)',
  ),
  'option-group-title': words(
    'what the group is called, for one language or for all',
    'cómo se llama el grupo, en un idioma o en todos',
  ),
  'option-group-description': words(
    'what the group is for, for one language or for all',
    'para qué es el grupo, en un idioma o en todos',
  ),
  'option-content-id': words(
    'the name that stays the same through all versions',
    'el nombre que no cambia de una versión a otra',
  ),
  'option-content-version': words('the version: 12, 12.3', 'la versión: 12, 12.3'),
  'option-content-title': words(
    'what people read, for one language or for all',
    'lo que la gente lee, en un idioma o en todos',
  ),
  'option-content-folder': words(
    'the directory that it is installed as (the name of DIR without it)',
    'el directorio en que se instala (el nombre de DIR si no se dice)',
  ),
  'option-content-license': words('its licence', 'su licencia'),
  'option-activity-no-deltas': words(
    'make no deltas from the versions that devices have until now',
    'no crear deltas desde las versiones que los dispositivos tienen hasta ahora',
  ),
  'result-activity-published': words(
    'published: {name} ({id}) {version}, {files} files, {bytes}',
    'publicado: {name} ({id}) {version}, {files} archivos, {bytes}',
  ),
  'result-activity-again': words(
    'published before: {name} ({id}) {version}, {files} files, {bytes}',
    'publicado antes: {name} ({id}) {version}, {files} archivos, {bytes}',
  ),
  'result-activity-group-now': words(
    'group {group}, for {streams}: {objects} new objects, {stored} stored',
    'grupo {group}, para {streams}: {objects} objetos nuevos, {stored} guardados',
  ),
  'result-activity-deltas': words(
    'deltas: {count} of {bytes} in place of {objects} ({percent} %), made in {seconds}',
    'deltas: {count} de {bytes} en lugar de {objects} ({percent} %), creados en {seconds}',
  ),
  'result-activity-deltas-useless': words(
    'deltas left out, since they would save next to nothing: {useless}',
    'deltas omitidos, porque no ahorrarían casi nada: {useless}',
  ),
  'result-activity-group-waits': words(
    'group {group}, for {streams}, once it is signed: {objects} new objects, {stored} stored',
    'grupo {group}, para {streams}, cuando esté firmado: {objects} objetos nuevos, {stored} guardados',
  ),
  'result-activity-dropped': words(
    'no longer in the group {group}: {name}',
    'ya no está en el grupo {group}: {name}',
  ),
  'result-activity-group': words(
    'group {group}: {title}, {bundles} versions of bundles',
    'grupo {group}: {title}, {bundles} versiones de paquetes',
  ),
  'result-activity-line': words(
    '  {name} ({id}) {version}: {files} files, {bytes}, {stored} to fetch, for {streams}',
    '  {name} ({id}) {version}: {files} archivos, {bytes}, {stored} por descargar, para {streams}',
  ),
  'result-activity-line-optional': words(
    '  {name} ({id}) {version}: {files} files, {bytes}, {stored} to fetch, for {streams}, optional',
    '  {name} ({id}) {version}: {files} archivos, {bytes}, {stored} por descargar, para {streams}, opcional',
  ),
  'result-activity-none': words('no activities are published', 'no hay actividades publicadas'),
  'result-activity-promoted': words(
    'the stream {stream} gives version {version} of {id} now (group {group})',
    'el canal {stream} da ahora la versión {version} de {id} (grupo {group})',
  ),
  'result-activity-removed': words(
    'no longer offered in the group {group}: {name}',
    'ya no se ofrece en el grupo {group}: {name}',
  ),
  'group-name-wrong': {
    exit: 2,
    en: {
      text: '"{value}" ({option}) cannot be the name of a group.',
      hint: 'Use letters, digits, ".", "_", "+" and "-", at most 64, a letter or digit first.',
    },
    es: {
      text: '«{value}» ({option}) no puede ser el nombre de un grupo.',
      hint: 'Use letras, dígitos, «.», «_», «+» y «-», 64 como máximo, con letra o dígito al principio.',
    },
  },
  'bundle-id-wrong': {
    exit: 2,
    en: {
      text: '"{value}" ({option}) cannot be the id of a bundle.',
      hint: 'An id looks like org.laptop.Maze.',
    },
    es: {
      text: '«{value}» ({option}) no puede ser el id de un paquete.',
      hint: 'Un id es como org.laptop.Maze.',
    },
  },
  'bundle-version-wrong': {
    exit: 2,
    en: {
      text: '"{value}" ({option}) is no version of a bundle.',
      hint: 'A version is 12 or 12.3 or 12.3-dev, without leading zeros.',
    },
    es: {
      text: '«{value}» ({option}) no es una versión de un paquete.',
      hint: 'Una versión es 12 o 12.3 o 12.3-dev, sin ceros a la izquierda.',
    },
  },
  'bundle-folder-not-allowed': {
    exit: 2,
    en: {
      text: '"{value}" ({option}) cannot be the name of a directory on a device.',
      hint: 'Give one name without slashes that does not begin with a full stop.',
    },
    es: {
      text: '«{value}» ({option}) no puede ser el nombre de un directorio en un equipo.',
      hint: 'Dé un nombre sin barras que no empiece con punto.',
    },
  },
  'text-too-long': {
    exit: 2,
    en: { text: 'The text for {option} is longer than {limit} characters.', hint: 'Say it shorter.' },
    es: { text: 'El texto de {option} tiene más de {limit} caracteres.', hint: 'Dígalo más corto.' },
  },
  'bundle-not-found': {
    exit: 3,
    en: {
      text: 'The group {group} has no {name}.',
      hint: '"satchel activity list" shows what is there.',
    },
    es: {
      text: 'El grupo {group} no tiene {name}.',
      hint: '«satchel activity list» muestra lo que hay.',
    },
  },
} as const satisfies MessageSet;
