import type { MessageSet } from '../message.ts';

/** Sentences about what a site mirrors, keeps and removes. */
export const siteMirrorMessages = {
  'site-hours-not-understood': {
    exit: 2,
    en: {
      text: '"{value}" is not understood as hours.',
      hint: 'Write them like 22:00-06:00 or 12:30-13:30,22:00-06:00, in local time.',
    },
    es: {
      text: '«{value}» no se entiende como horario.',
      hint: 'Escríbalo como 22:00-06:00 o 12:30-13:30,22:00-06:00, en hora local.',
    },
  },
  'site-days-not-understood': {
    exit: 2,
    en: {
      text: '"{value}" is not understood as days of the week.',
      hint: 'Write them like mon-fri or mon-fri,sun.',
    },
    es: {
      text: '«{value}» no se entiende como días de la semana.',
      hint: 'Escríbalos como mon-fri o mon-fri,sun (lunes a viernes y domingo).',
    },
  },
  'site-budget-full': {
    exit: 4,
    en: {
      text: 'There is no room for {bytes} more: the site may take {budget}, it takes {used}, and what is left has to stay.',
      hint: 'Allow more with "satchel site set --budget SIZE", follow fewer streams, or unpin builds ("satchel pin --list").',
    },
    es: {
      text: 'No hay lugar para {bytes} más: el sitio puede ocupar {budget}, ocupa {used}, y lo que queda debe conservarse.',
      hint: 'Permita más con «satchel site set --budget TAMAÑO», siga menos canales, o suelte versiones («satchel pin --list»).',
    },
  },
  'site-disk-reserved': {
    exit: 4,
    en: {
      text: 'There is no room for {bytes} more: {free} of the disk are free, {reserve} of them are held in reserve, and what the site keeps ({used}) has to stay.',
      hint: 'Make room on the disk, or hold less in reserve with "satchel site set --reserve SIZE".',
    },
    es: {
      text: 'No hay lugar para {bytes} más: el disco tiene {free} libres, {reserve} de ellos en reserva, y lo que el sitio guarda ({used}) debe conservarse.',
      hint: 'Haga lugar en el disco, o reserve menos con «satchel site set --reserve TAMAÑO».',
    },
  },
  'site-outside-hours': {
    exit: 4,
    en: {
      text: 'It is outside of the hours in which this site mirrors ({hours}).',
      hint: 'It goes on by itself when they begin. "satchel site sync --now" does not wait.',
    },
    es: {
      text: 'Está fuera del horario en que este sitio copia ({hours}).',
      hint: 'Sigue solo cuando empiece. «satchel site sync --now» no espera.',
    },
  },
  'site-mirror-no-room': {
    exit: 4,
    en: {
      text: '{build} needs {bytes} more on the disk, and there is no room for it within the budget and the reserve of this site.',
      hint: 'Allow more with "satchel site set --budget SIZE", follow fewer streams, or unpin builds ("satchel pin --list").',
    },
    es: {
      text: '{build} necesita {bytes} más en el disco, y no caben en el presupuesto y la reserva de este sitio.',
      hint: 'Permita más con «satchel site set --budget TAMAÑO», siga menos canales, o suelte versiones («satchel pin --list»).',
    },
  },
  'site-mirror-over-month': {
    exit: 4,
    en: {
      text: '{build} needs {bytes} through the link; {left} are left of this month.',
      hint: 'It is fetched next month. Allow more with "satchel site set --month SIZE", or bring it on a stick.',
    },
    es: {
      text: '{build} necesita {bytes} por el enlace; de este mes quedan {left}.',
      hint: 'Se trae el próximo mes. Permita más con «satchel site set --month TAMAÑO», o tráigala en una memoria USB.',
    },
  },
  'pin-absent': {
    exit: 3,
    en: { text: '{build} is not pinned.', hint: '"satchel pin" lists what is.' },
    es: { text: '{build} no está fijada.', hint: '«satchel pin» muestra las que sí.' },
  },
  'site-mirror-not-kept': {
    exit: 1,
    en: {
      text: 'All of {build} was fetched, and not all of it could be kept.',
      hint: 'The log of the site tells why. If it stays so, ask the operator of the origin to run "satchel fsck".',
    },
    es: {
      text: 'Se trajo toda la versión {build}, y no se pudo conservar todo.',
      hint: 'El registro del sitio dice por qué. Si sigue así, pida al operador del origen que ejecute «satchel fsck».',
    },
  },
  'site-server-gone': {
    exit: 1,
    en: {
      text: 'The process that serves this site stopped before it was done.',
      hint: 'What was received is kept. Start it again, or run the same command again.',
    },
    es: {
      text: 'El proceso que sirve este sitio se detuvo antes de terminar.',
      hint: 'Lo recibido se conserva. Inícielo de nuevo, o repita la orden.',
    },
  },
  'site-plan-needs-build': {
    exit: 2,
    en: {
      text: '{repository} has no upstream, so there is nothing to mirror.',
      hint: 'At an origin name a build: "satchel site plan BUILD" tells what it costs the sites.',
    },
    es: {
      text: '{repository} no tiene de dónde copiar.',
      hint: 'En un origen nombre una versión: «satchel site plan VERSIÓN» dice qué cuesta a los sitios.',
    },
  },
} as const satisfies MessageSet;
