import type { MessageSet } from '../message.ts';

/** What the commands for a site, its upstream and its settings say and what their help says. */
export const siteLinkResultsMessages = {
  'help-group-site': {
    en: { text: 'one download for the whole room' },
    es: { text: 'una descarga para toda el aula' },
  },
  'help-site-join': {
    en: { text: 'make a directory a site below an origin or another site' },
    es: { text: 'convierte un directorio en un sitio debajo de un origen o de otro sitio' },
  },
  'help-site-set': {
    en: { text: 'change the upstream, what is mirrored and when, and the limits' },
    es: { text: 'cambia el origen, qué se copia y cuándo, y los límites' },
  },
  'help-site-status': {
    en: { text: 'tell how the site stands: link, news, month, disk' },
    es: { text: 'muestra el estado del sitio: enlace, novedades, mes, disco' },
  },
  'argument-upstream': {
    en: { text: 'the address of the origin or of another site, or a directory' },
    es: { text: 'la dirección del origen o de otro sitio, o un directorio' },
  },
  'option-site-token': {
    en: { text: 'the token that "satchel site token create" gave; without it no reports go up' },
    es: { text: 'el código que dio «satchel site token create»; sin él no suben informes' },
  },
  'option-site-name': {
    en: { text: 'what people call the site; the name of this machine when absent' },
    es: { text: 'cómo se llama el sitio; si falta, el nombre de esta máquina' },
  },
  'option-site-upstream': {
    en: { text: 'where everything comes from, from now on' },
    es: { text: 'de dónde viene todo, desde ahora' },
  },
  'option-site-follow': {
    en: { text: 'a stream to mirror, may be repeated; "none": only what devices ask for' },
    es: { text: 'un canal que copiar, se puede repetir; «none»: solo lo que los equipos pidan' },
  },
  'option-site-hours': {
    en: { text: 'hours of mirroring in local time, 22:00-06:00,12:00-13:00; "always"' },
    es: { text: 'horas de copia en hora local, 22:00-06:00,12:00-13:00; «always»: siempre' },
  },
  'option-site-days': {
    en: { text: 'days of mirroring, mon-fri,sun; "always"' },
    es: { text: 'días de copia, mon-fri,sun; «always»: todos' },
  },
  'option-site-limit-rate': {
    en: { text: 'most bytes a second for mirroring; "none": no limit' },
    es: { text: 'máximo de bytes por segundo para copiar; «none»: sin límite' },
  },
  'option-site-month': {
    en: { text: 'most bytes that may come through the link in a month; "none": no limit' },
    es: { text: 'máximo de bytes que pueden llegar por el enlace en un mes; «none»: sin límite' },
  },
  'option-site-budget': {
    en: { text: 'bytes of disk that the site may take' },
    es: { text: 'bytes de disco que puede ocupar el sitio' },
  },
  'option-site-reserve': {
    en: { text: 'bytes of the file system that stay free' },
    es: { text: 'bytes del sistema de archivos que quedan libres' },
  },
  'option-site-fresh': {
    en: { text: 'seconds for which the upstream is not asked again for news' },
    es: { text: 'segundos durante los que no se vuelve a preguntar por novedades' },
  },
  'result-site-join': {
    en: { text: '{repository} is the site {name} ({id}) below {upstream}. Trusted root: {sha256}' },
    es: { text: '{repository} es el sitio {name} ({id}) debajo de {upstream}. Raíz de confianza: {sha256}' },
  },
  'result-site-join-credential': {
    en: { text: 'It may send reports there. Begin with "satchel serve --repo {repository}".' },
    es: { text: 'Puede enviar informes allí. Empiece con «satchel serve --repo {repository}».' },
  },
  'result-site-join-no-credential': {
    en: {
      text: 'It sends no reports there, since no --token was given; a stick carries them. Begin with "satchel serve --repo {repository}".',
    },
    es: {
      text: 'No envía informes allí, porque no se dio --token; los lleva una memoria USB. Empiece con «satchel serve --repo {repository}».',
    },
  },
  'result-site-set': {
    en: { text: 'Site {name} below {upstream}.' },
    es: { text: 'Sitio {name} debajo de {upstream}.' },
  },
  'result-site-unchecked': {
    en: {
      text: '{upstream} could not be asked just now, so nobody knows yet whether it leads back here. {reason}',
    },
    es: {
      text: 'No se pudo preguntar ahora a {upstream}; aún no se sabe si lleva de vuelta aquí. {reason}',
    },
  },
  'result-site-mirror': {
    en: { text: 'Mirrors {streams}; hours {hours}, days {days}, {rate} a second.' },
    es: { text: 'Copia {streams}; horas {hours}, días {days}, {rate} por segundo.' },
  },
  'result-site-mirror-nothing': {
    en: { text: 'Mirrors no stream: only what devices ask for is fetched.' },
    es: { text: 'No copia ningún canal: solo se descarga lo que los equipos piden.' },
  },
  'result-site-limits': {
    en: { text: 'Kept for builds: up to {budget}, and {reserve} of the disk stay free. Month: {month}.' },
    es: { text: 'Para versiones: hasta {budget}, y quedan libres {reserve} del disco. Mes: {month}.' },
  },
  'result-site-link-up': {
    en: { text: 'Link: up, last contact {contacted}; {rate}.' },
    es: { text: 'Enlace: activo, último contacto {contacted}; {rate}.' },
  },
  'result-site-link-not-asked': {
    en: { text: 'Link: {upstream} has not been asked yet; "satchel serve" does it.' },
    es: { text: 'Enlace: todavía no se preguntó a {upstream}; lo hace «satchel serve».' },
  },
  'result-site-link-offline': {
    en: { text: 'Link: none, the site is served with --offline and asks nobody. Last contact: {contacted}.' },
    es: {
      text: 'Enlace: ninguno, el sitio se sirve con --offline y no pregunta a nadie. Último contacto: {contacted}.',
    },
  },
  'result-site-link-down': {
    en: { text: 'Link: down since {since} (failures: {count}), last contact {contacted}: {reason}' },
    es: { text: 'Enlace: caído desde {since} (fallos: {count}), último contacto {contacted}: {reason}' },
  },
  'result-site-rate': {
    en: { text: '{rate} a second, round trip {milliseconds} ms' },
    es: { text: '{rate} por segundo, ida y vuelta {milliseconds} ms' },
  },
  'result-site-rate-unknown': {
    en: { text: 'rate not measured yet' },
    es: { text: 'velocidad aún no medida' },
  },
  'result-site-news': {
    en: { text: 'News: signed {issued}, checked {checked}.' },
    es: { text: 'Novedades: firmadas {issued}, revisadas {checked}.' },
  },
  'result-site-news-never': {
    en: { text: 'News: none have come yet; devices are told to wait.' },
    es: { text: 'Novedades: aún no ha llegado ninguna; los equipos deben esperar.' },
  },
  'result-site-problem': {
    en: { text: 'Refused at {at}: {reason}' },
    es: { text: 'Rechazado el {at}: {reason}' },
  },
  'result-site-expired': {
    en: { text: 'Judging what is here: {reason}' },
    es: { text: 'Sobre lo que hay aquí: {reason}' },
  },
  'result-site-stream': {
    en: { text: '{stream}: {build}' },
    es: { text: '{stream}: {build}' },
  },
  'result-site-stream-halted': {
    en: { text: '{stream}: {build}, halted since {since}: devices stay on what they have' },
    es: { text: '{stream}: {build}, detenido desde {since}: los equipos siguen con lo que tienen' },
  },
  'result-site-ran-out': {
    en: { text: 'The signature of {role} ran out at {expires}; what it names is handed on all the same.' },
    es: { text: 'La firma de {role} venció el {expires}; lo que nombra se entrega igual.' },
  },
  'result-site-compare': {
    en: { text: 'Compare the trusted root with the hash that the people of the origin published.' },
    es: { text: 'Compare la raíz de confianza con la suma que publicaron quienes llevan el origen.' },
  },
  'result-site-month': {
    en: { text: 'Received in {month} (UTC): {used}{budget}.' },
    es: { text: 'Recibido en {month} (UTC): {used}{budget}.' },
  },
  'result-site-month-budget': {
    en: { text: ' of {budget}, {left} left' },
    es: { text: ' de {budget}, quedan {left}' },
  },
  'result-site-disk': {
    en: { text: 'Disk: {free} free of {total}.' },
    es: { text: 'Disco: {free} libres de {total}.' },
  },
  'result-site-no-reports': {
    en: { text: 'Reports: waiting: {waiting}. By stick only, the site has joined without a token.' },
    es: { text: 'Informes: en espera: {waiting}. Solo en memoria USB, el sitio se unió sin código.' },
  },
  'result-site-reports': {
    en: {
      text: 'Reports: waiting: {waiting}. While the site is served they go to the upstream every {minutes} minutes when the link is up.',
    },
    es: {
      text: 'Informes: en espera: {waiting}. Mientras se sirve el sitio van al origen cada {minutes} minutos cuando hay enlace.',
    },
  },
  'result-site-reports-offline': {
    en: { text: 'Reports: waiting: {waiting}. They stay here while the site is served with --offline.' },
    es: { text: 'Informes: en espera: {waiting}. Se quedan aquí mientras el sitio se sirve con --offline.' },
  },
  'result-site-reports-refused': {
    en: { text: 'Reports: waiting: {waiting}. Refused since {at}: {reason}' },
    es: { text: 'Informes: en espera: {waiting}. Rechazados desde {at}: {reason}' },
  },
  'site-never': { en: { text: 'never' }, es: { text: 'nunca' } },
  'site-always': { en: { text: 'always' }, es: { text: 'siempre' } },
  'site-any-rate': { en: { text: 'any number of bytes' }, es: { text: 'cuantos bytes sean' } },
  'site-no-limit': { en: { text: 'no limit' }, es: { text: 'sin límite' } },
} as const satisfies MessageSet;
