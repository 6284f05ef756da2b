import type { MessageSet } from '../message.ts';

/** Sentences of `src/fleet/` and of the reports that devices and sites send. */
export const fleetMessages = {
  'fleet-full': {
    exit: 4,
    en: {
      text: 'The fleet database {path} cannot grow: the disk is full, or its limit is reached. Reports wait where they are.',
      hint: 'Free some space on that disk; reports are sent again by themselves.',
    },
    es: {
      text: 'La base de datos de la flota {path} no puede crecer: el disco está lleno o se alcanzó su límite. Los informes esperan donde están.',
      hint: 'Libere espacio en ese disco; los informes se envían otra vez por sí solos.',
    },
  },
  'fleet-busy': {
    exit: 1,
    en: {
      text: 'Another process has been writing to the fleet database {path} for too long.',
      hint: 'Run the same command again in a moment.',
    },
    es: {
      text: 'Otro proceso lleva demasiado tiempo escribiendo en la base de datos de la flota {path}.',
      hint: 'Repita la orden en un momento.',
    },
  },
  'fleet-damaged': {
    exit: 1,
    en: {
      text: 'The fleet database {path} is damaged.',
      hint: 'Stop the server and put back a copy of that file; or move it away, and a new one begins with the next report. Builds are not affected.',
    },
    es: {
      text: 'La base de datos de la flota {path} está dañada.',
      hint: 'Detenga el servidor y reponga una copia de ese archivo; o quítelo de ahí, y una nueva empieza con el próximo informe. Las versiones no se ven afectadas.',
    },
  },
  'fleet-not-usable': {
    exit: 1,
    en: {
      text: 'The fleet database {path} cannot be opened or written: {reason}.',
      hint: 'Check who owns the folder and whether the disk works.',
    },
    es: {
      text: 'La base de datos de la flota {path} no se puede abrir o escribir: {reason}.',
      hint: 'Revise de quién es la carpeta y si el disco funciona.',
    },
  },
  'fleet-newer': {
    exit: 1,
    en: {
      text: 'The fleet database {path} was changed by a newer Satchel.',
      hint: 'Update Satchel on this machine first.',
    },
    es: {
      text: 'Un Satchel más nuevo modificó la base de datos de la flota {path}.',
      hint: 'Actualice primero Satchel en esta máquina.',
    },
  },
  'report-invalid': {
    exit: 1,
    en: {
      text: 'This is not a report that Satchel understands: "{field}" is missing or has a wrong value. Nothing was stored.',
      hint: 'Send reports with Satchel itself ("satchel report"), or see docs/formats.md.',
    },
    es: {
      text: 'Esto no es un informe que Satchel entienda: «{field}» falta o tiene un valor incorrecto. No se guardó nada.',
      hint: 'Envíe informes con el propio Satchel («satchel report»), o vea docs/formats.md.',
    },
  },
  'site-token-unknown': {
    exit: 3,
    en: {
      text: 'There is no such site token.',
      hint: 'Check every letter; "satchel site token create" at the origin makes a new one, "satchel site token list" shows those that there are.',
    },
    es: {
      text: 'No existe ese código de sitio.',
      hint: 'Revise cada letra; «satchel site token create» en el origen crea uno nuevo y «satchel site token list» muestra los que hay.',
    },
  },
  'site-token-used': {
    exit: 4,
    en: {
      text: 'This site token was used already, by the site "{site}". A token is good for one site.',
      hint: 'Make another at the origin with "satchel site token create".',
    },
    es: {
      text: 'Este código de sitio ya fue usado por el sitio «{site}». Un código sirve para un solo sitio.',
      hint: 'Cree otro en el origen con «satchel site token create».',
    },
  },
  'site-token-revoked': {
    exit: 4,
    en: {
      text: 'This site token was revoked at the origin.',
      hint: 'Ask the people who run the origin for another.',
    },
    es: {
      text: 'Este código de sitio fue revocado en el origen.',
      hint: 'Pida otro a quienes administran el origen.',
    },
  },
  'site-token-expired': {
    exit: 4,
    en: {
      text: 'This site token expired on {expired}.',
      hint: 'Make another at the origin with "satchel site token create".',
    },
    es: {
      text: 'Este código de sitio venció el {expired}.',
      hint: 'Cree otro en el origen con «satchel site token create».',
    },
  },
  'site-token-too-short': {
    exit: 2,
    en: {
      text: 'A token that is good for {seconds} s would run out before anybody can use it; it takes {least} s at least.',
      hint: 'A number without a unit stands for seconds: give --expires 14d for days, or 12h for hours.',
    },
    es: {
      text: 'Un código que sirve {seconds} s vencería antes de que alguien pueda usarlo; hacen falta al menos {least} s.',
      hint: 'Un número sin unidad son segundos: indique --expires 14d para días, o 12h para horas.',
    },
  },
  'site-token-at-origin': {
    exit: 4,
    en: {
      text: '{repository} is a site: tokens are made at the origin.',
      hint: 'Run the command on the machine that publishes builds; a token is good for a site at any depth.',
    },
    es: {
      text: '{repository} es un sitio: los códigos se crean en el origen.',
      hint: 'Ejecute la orden en la máquina que publica versiones; un código sirve para un sitio a cualquier profundidad.',
    },
  },
  'reports-not-taken': {
    exit: 4,
    en: {
      text: '{source} does not take reports (HTTP {status}). Waiting on this device: {count}.',
      hint: 'A web server that only serves files takes none; a Satchel site or origin does.',
    },
    es: {
      text: '{source} no recibe informes (HTTP {status}). En espera en este equipo: {count}.',
      hint: 'Un servidor web que solo entrega archivos no los recibe; un sitio u origen de Satchel sí.',
    },
  },
  'reports-no-way': {
    exit: 4,
    en: {
      text: '{source} is a directory and takes no reports. Waiting on this device: {count}.',
      hint: 'Reports go to a site or origin by http, or to a stick made by "satchel stick prepare".',
    },
    es: {
      text: '{source} es un directorio y no recibe informes. En espera en este equipo: {count}.',
      hint: 'Los informes van a un sitio u origen por http, o a una memoria USB hecha con «satchel stick prepare».',
    },
  },
  'reports-switched-off': {
    exit: 4,
    en: {
      text: 'Reports are switched off on this device.',
      hint: 'Switch them on with "satchel device set --reports on".',
    },
    es: {
      text: 'Los informes están desactivados en este equipo.',
      hint: 'Actívelos con «satchel device set --reports on».',
    },
  },
} as const satisfies MessageSet;
