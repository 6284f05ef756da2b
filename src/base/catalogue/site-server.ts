import type { MessageSet } from '../message.ts';

/** Sentences of a site that is served: what it answers, and the words of its page. */
export const siteServerMessages = {
  'answer-length-required': {
    en: { text: 'What is sent here must say how long it is (Content-Length).' },
    es: { text: 'Lo que se envía aquí debe decir cuánto mide (Content-Length).' },
  },
  'answer-body-too-long': {
    en: { text: 'That is too long: at most {limit} bytes are taken here.' },
    es: { text: 'Es demasiado largo: aquí se aceptan {limit} bytes como máximo.' },
  },
  'answer-loop': {
    en: {
      text: 'This request has come through this place already: sites take their builds from each other in a circle ({places} places).',
    },
    es: {
      text: 'Este pedido ya pasó por este lugar: los sitios toman sus versiones unos de otros en círculo ({places} lugares).',
    },
  },
  'site-credential-unknown': {
    exit: 4,
    en: {
      text: 'This place does not know the credential of the site.',
      hint: 'Join again with a new token: satchel site join URL --token TOKEN.',
    },
    es: {
      text: 'Este lugar no conoce la credencial del sitio.',
      hint: 'Únase de nuevo con una ficha nueva: satchel site join URL --token FICHA.',
    },
  },
  'site-file-not-had': {
    en: { text: 'The file {name} could not be had from the upstream: {reason}' },
    es: { text: 'No se pudo obtener el archivo {name} de su origen: {reason}' },
  },
  'site-open-already': {
    exit: 1,
    en: {
      text: 'Another process (number {pid}) works on the site in {repository} already.',
      hint: 'That is "satchel serve" as a rule: stop it first.',
    },
    es: {
      text: 'Otro proceso (número {pid}) ya trabaja en el sitio en {repository}.',
      hint: 'Normalmente es «satchel serve»: deténgalo antes.',
    },
  },
  'site-offline': {
    exit: 4,
    en: {
      text: 'This site runs with --offline and asks nobody: {name} is not here.',
      hint: 'Bring it with a stick, or start "satchel serve" without --offline.',
    },
    es: {
      text: 'Este sitio funciona con --offline y no pregunta a nadie: {name} no está aquí.',
      hint: 'Tráigalo en una memoria USB, o inicie «satchel serve» sin --offline.',
    },
  },
  'option-offline': {
    en: { text: 'send nothing out of this machine: answer from what is here' },
    es: { text: 'no enviar nada fuera de esta máquina: responder con lo que hay aquí' },
  },
  'result-serve-site': {
    en: { text: 'The site {name} takes builds from {upstream}' },
    es: { text: 'El sitio {name} toma las versiones de {upstream}' },
  },
  'result-serve-site-offline': {
    en: { text: 'The site {name} stays offline and asks nothing of {upstream}' },
    es: { text: 'El sitio {name} queda sin conexión y no pregunta nada a {upstream}' },
  },
  'page-site-title': { en: { text: '{name} – Satchel site' }, es: { text: '{name} – sitio Satchel' } },
  'page-site-introduction': {
    en: { text: 'Computers here update from this server, also without the internet.' },
    es: { text: 'Los equipos de aquí se actualizan desde este servidor, también sin internet.' },
  },
  'page-stick': { en: { text: 'USB stick' }, es: { text: 'Memoria USB' } },
  'page-stick-none': {
    en: { text: 'No stick is plugged in. To bring new builds, plug one in and wait a few seconds.' },
    es: {
      text: 'No hay ninguna memoria conectada. Para traer versiones nuevas, conecte una y espere unos segundos.',
    },
  },
  'page-stick-found': {
    en: { text: 'A stick was found. Do not pull it out yet.' },
    es: { text: 'Se encontró una memoria USB. No la retire todavía.' },
  },
  'page-stick-copying': {
    en: { text: 'Copying from the stick: {percent} %. Do not pull it out yet.' },
    es: { text: 'Copiando de la memoria USB: {percent} %. No la retire todavía.' },
  },
  'page-stick-done': {
    en: { text: 'Done: everything is copied. You may pull the stick out.' },
    es: { text: 'Listo: todo está copiado. Ya puede retirar la memoria USB.' },
  },
  'page-stick-part': {
    en: { text: 'Not everything was taken: {reason} You may pull the stick out.' },
    es: { text: 'No se tomó todo: {reason} Ya puede retirar la memoria USB.' },
  },
  'page-stick-failed': {
    en: { text: 'The stick failed: {reason} You may pull it out.' },
    es: { text: 'La memoria USB falló: {reason} Ya puede retirarla.' },
  },
  'page-stick-silent': {
    en: {
      text: 'Nothing has been heard of the copying since {time}. Pull the stick out and plug it in again.',
    },
    es: { text: 'No se sabe nada de la copia desde {time}. Retire la memoria USB y conéctela otra vez.' },
  },
  'page-devices': { en: { text: 'Devices' }, es: { text: 'Equipos' } },
  'page-devices-none': {
    en: { text: 'No device has told yet what it runs.' },
    es: { text: 'Ningún equipo ha dicho todavía qué versión usa.' },
  },
  'page-devices-count': {
    en: { text: 'Devices up to date: {current} of {devices}.' },
    es: { text: 'Equipos al día: {current} de {devices}.' },
  },
  'page-devices-more': {
    en: { text: 'More devices, not shown here: {count}.' },
    es: { text: 'Más equipos, que no se muestran aquí: {count}.' },
  },
  'page-column-device': { en: { text: 'Device' }, es: { text: 'Equipo' } },
  'page-column-running': { en: { text: 'Runs' }, es: { text: 'Usa' } },
  'page-column-state': { en: { text: 'State' }, es: { text: 'Estado' } },
  'page-column-seen': { en: { text: 'Last heard of' }, es: { text: 'Última noticia' } },
  'page-device-current': { en: { text: 'up to date' }, es: { text: 'al día' } },
  'page-device-behind': { en: { text: 'will go to {build}' }, es: { text: 'pasará a {build}' } },
  'page-device-failed': {
    en: { text: 'the last update failed' },
    es: { text: 'la última actualización falló' },
  },
  'page-device-unknown': { en: { text: 'unknown' }, es: { text: 'no se sabe' } },
  'page-held': { en: { text: 'What is here' }, es: { text: 'Lo que hay aquí' } },
  'page-held-none': {
    en: { text: 'Nothing has come from the upstream yet.' },
    es: { text: 'Todavía no ha llegado nada de su origen.' },
  },
  'page-held-complete': { en: { text: 'complete' }, es: { text: 'completa' } },
  'page-held-partly': { en: { text: '{held} of {total}' }, es: { text: '{held} de {total}' } },
  'page-held-not': { en: { text: 'is fetched when asked for' }, es: { text: 'se trae cuando se pide' } },
  'page-column-here': { en: { text: 'Here' }, es: { text: 'Aquí' } },
  'page-receiving': {
    en: { text: 'Arriving now: {done} of {total}.' },
    es: { text: 'Llegando ahora: {done} de {total}.' },
  },
  'page-link': { en: { text: 'Link' }, es: { text: 'Enlace' } },
  'page-link-up': {
    en: { text: 'This site takes builds from {upstream}.' },
    es: { text: 'Este sitio toma las versiones de {upstream}.' },
  },
  'page-link-down': {
    en: { text: '{upstream} cannot be reached now. Devices go on with what is here.' },
    es: { text: 'No se llega a {upstream} en este momento. Los equipos siguen con lo que hay aquí.' },
  },
  'page-link-offline': {
    en: { text: 'This site was told to stay offline; new builds come with a stick.' },
    es: {
      text: 'A este sitio se le pidió quedar sin conexión; las versiones nuevas llegan en una memoria USB.',
    },
  },
  'page-link-refused': {
    en: { text: 'What the upstream sends is not accepted: {reason}' },
    es: { text: 'No se acepta lo que envía su origen: {reason}' },
  },
  'page-link-contact': {
    en: { text: 'Last contact: {time}.' },
    es: { text: 'Último contacto: {time}.' },
  },
  'page-link-rate': {
    en: { text: 'Measured speed: {rate} a second.' },
    es: { text: 'Velocidad medida: {rate} por segundo.' },
  },
  'page-disk': {
    en: { text: '{used} of {budget} are used for builds; {free} of the disk are free.' },
    es: { text: 'Las versiones ocupan {used} de {budget}; quedan {free} libres en el disco.' },
  },
  'page-sites': { en: { text: 'Sites' }, es: { text: 'Sitios' } },
  'page-column-site': { en: { text: 'Site' }, es: { text: 'Sitio' } },
  'page-column-devices': { en: { text: 'Devices' }, es: { text: 'Equipos' } },
} as const satisfies MessageSet;
