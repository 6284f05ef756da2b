import type { MessageSet } from '../message.ts';

/** Sentences about a site, its upstream and the metadata that it keeps. */
export const siteLinkMessages = {
  'site-not-joined': {
    exit: 3,
    en: {
      text: '{repository} is no site: it has joined no upstream.',
      hint: 'Run "satchel site join URL --repo {repository}" first, or name another directory with --repo.',
    },
    es: {
      text: '{repository} no es un sitio: no se ha unido a ningún origen.',
      hint: 'Ejecute antes «satchel site join URL --repo {repository}», o indique otro directorio con --repo.',
    },
  },
  'site-settings-damaged': {
    exit: 1,
    en: {
      text: 'The settings of the site in {path} are damaged: {field}.',
      hint: 'Put the file back from a copy, or move {path} away and run "satchel site join" again; what was fetched stays.',
    },
    es: {
      text: 'La configuración del sitio en {path} está dañada: {field}.',
      hint: 'Recupere el archivo de una copia, o aparte {path} y ejecute otra vez «satchel site join»; lo descargado se conserva.',
    },
  },
  'site-settings-newer': {
    exit: 1,
    en: {
      text: '{path} was written by a newer Satchel (format {format}; this one knows {newest}).',
      hint: 'Use the newer Satchel on this machine.',
    },
    es: {
      text: '{path} fue escrito por un Satchel más nuevo (formato {format}; este conoce hasta {newest}).',
      hint: 'Use el Satchel más nuevo en esta máquina.',
    },
  },
  'site-name-not-allowed': {
    exit: 2,
    en: {
      text: '"{name}" cannot be the name of a site.',
      hint: 'Use up to 64 letters, digits, dots, underscores and hyphens, beginning with a letter or digit.',
    },
    es: {
      text: '«{name}» no puede ser el nombre de un sitio.',
      hint: 'Use hasta 64 letras, cifras, puntos, guiones bajos y guiones, empezando por letra o cifra.',
    },
  },
  'site-fresh-too-long': {
    exit: 2,
    en: {
      text: '--fresh is {seconds} s: a site asks for news after {most} s at the latest.',
      hint: 'Give at most 7d, for example --fresh 30 or --fresh 1h.',
    },
    es: {
      text: '--fresh es {seconds} s: un sitio pregunta por novedades a más tardar tras {most} s.',
      hint: 'Indique 7d como máximo, por ejemplo --fresh 30 o --fresh 1h.',
    },
  },
  'site-budget-too-small': {
    exit: 2,
    en: {
      text: '--budget is {budget}: a site needs at least {least} to hold anything.',
      hint: 'Give the disk that the site may take, for example --budget 16GB.',
    },
    es: {
      text: '--budget es {budget}: un sitio necesita al menos {least} para tener algo.',
      hint: 'Indique el disco que puede ocupar el sitio, por ejemplo --budget 16GB.',
    },
  },
  'site-reserve-too-large': {
    exit: 2,
    en: {
      text: '--reserve is {reserve}, and the whole disk has {total}: nothing could come.',
      hint: 'Give what is to stay free, for example --reserve 1GB.',
    },
    es: {
      text: '--reserve es {reserve}, y todo el disco tiene {total}: no podría llegar nada.',
      hint: 'Indique lo que debe quedar libre, por ejemplo --reserve 1GB.',
    },
  },
  'site-stream-unknown': {
    exit: 3,
    en: {
      text: 'There is no stream "{name}" at this site; there are: {streams}.',
      hint: 'Give one of these. If it was made only now, "satchel site sync" brings the news of it first.',
    },
    es: {
      text: 'No hay un canal «{name}» en este sitio; hay: {streams}.',
      hint: 'Indique uno de estos. Si se creó recién, «satchel site sync» trae primero la novedad.',
    },
  },
  'site-reports-revoked': {
    exit: 4,
    en: {
      text: '{upstream} takes no more reports from this site: its token was revoked there, or the place is a new one. Reports wait until the site joins again with a new token: satchel site set --token TOKEN',
      hint: 'Ask the people who run the origin for one; they make it with "satchel site token create".',
    },
    es: {
      text: '{upstream} ya no recibe informes de este sitio: su código fue revocado allí, o el lugar es otro. Los informes esperan hasta que el sitio se una de nuevo con un código nuevo: satchel site set --token CÓDIGO',
      hint: 'Pídalo a quienes administran el origen; lo crean con «satchel site token create».',
    },
  },
  'site-upstream-down': {
    exit: 1,
    en: {
      text: 'The upstream {upstream} is out of reach or out of order; it is asked again in {retryAfter} s.',
      hint: 'What is on this site can be had all the same. For the rest look at the link: "satchel site status".',
    },
    es: {
      text: 'El origen {upstream} está fuera de alcance o de servicio; se le preguntará otra vez en {retryAfter} s.',
      hint: 'Lo que ya está en este sitio se puede usar igual. Para el resto, revise el enlace: «satchel site status».',
    },
  },
  'site-upstream-without-api': {
    exit: 4,
    en: {
      text: '{upstream} only hands out files: nobody there takes tokens or reports.',
      hint: 'Leave --token out; reports then travel by stick. Or use the address of a "satchel serve".',
    },
    es: {
      text: '{upstream} solo entrega archivos: allí nadie recibe códigos ni informes.',
      hint: 'Omita --token; los informes viajan entonces en memoria USB. O use la dirección de un «satchel serve».',
    },
  },
  'site-upstream-refused': {
    exit: 1,
    en: {
      text: '{upstream} refuses what this site asks (HTTP {status}): {reason}',
      hint: 'Ask its operator, and show this sentence.',
    },
    es: {
      text: '{upstream} rechaza lo que este sitio pide (HTTP {status}): {reason}',
      hint: 'Pregunte a su operador y muéstrele esta frase.',
    },
  },
  'site-month-spent': {
    exit: 4,
    en: {
      text: 'This site has received {used} of the {budget} for {month} (UTC): nothing more comes through the link before {next}.',
      hint: 'What is here can be had all the same. Allow more with "satchel site set --month SIZE", or bring a stick.',
    },
    es: {
      text: 'Este sitio ha recibido {used} de los {budget} para {month} (UTC): no llega nada más por el enlace antes del {next}.',
      hint: 'Lo que está aquí se puede usar igual. Permita más con «satchel site set --month TAMAÑO», o traiga una memoria USB.',
    },
  },
  'site-loop': {
    exit: 4,
    en: {
      text: 'Asking {upstream} leads back to this site: each would wait for the other.',
      hint: 'Give one of the sites another upstream with "satchel site set --upstream URL".',
    },
    es: {
      text: 'Preguntar a {upstream} lleva de vuelta a este sitio: cada uno esperaría al otro.',
      hint: 'Dé a uno de los sitios otro origen con «satchel site set --upstream URL».',
    },
  },
  'site-trust-not-decided': {
    exit: 4,
    en: {
      text: 'Nothing says whom this site is to trust: {source} could be anybody.',
      hint: 'Give the hash that "satchel init" printed with --trust, or --trust-on-first-use to compare it by eye.',
    },
    es: {
      text: 'Nada dice en quién debe confiar este sitio: {source} podría ser cualquiera.',
      hint: 'Indique con --trust la suma que mostró «satchel init», o --trust-on-first-use para compararla a la vista.',
    },
  },
  'site-join-origin': {
    exit: 4,
    en: {
      text: '{repository} is the repository of an origin: a site never holds keys or publishes.',
      hint: 'Name an empty directory with --repo.',
    },
    es: {
      text: '{repository} es el repositorio de un origen: un sitio no tiene claves ni publica.',
      hint: 'Indique un directorio vacío con --repo.',
    },
  },
  'site-join-not-empty': {
    exit: 4,
    en: {
      text: '{repository} holds something else: a site begins in a directory that is empty or that a site has left.',
      hint: 'Name an empty directory with --repo.',
    },
    es: {
      text: '{repository} contiene otra cosa: un sitio empieza en un directorio vacío o que dejó otro sitio.',
      hint: 'Indique un directorio vacío con --repo.',
    },
  },
  'site-upstream-is-itself': {
    exit: 4,
    en: {
      text: 'A site cannot be its own upstream: {upstream}.',
      hint: 'Give the address of the origin, or of another site.',
    },
    es: {
      text: 'Un sitio no puede ser su propio origen: {upstream}.',
      hint: 'Indique la dirección del origen, o de otro sitio.',
    },
  },
  'site-metadata-busy': {
    exit: 1,
    en: {
      text: 'Another process brings the metadata of {repository} up to date.',
      hint: 'Try again in a minute.',
    },
    es: {
      text: 'Otro proceso está actualizando los metadatos de {repository}.',
      hint: 'Pruebe otra vez en un minuto.',
    },
  },
  'site-lite-wrong': {
    en: {
      text: '{source} sends {file} with wrong signatures or for another build; it is not handed on.',
    },
    es: {
      text: '{source} envía {file} con firmas incorrectas o de otra versión; no se entrega a nadie.',
    },
  },
  'site-root-chain-broken': {
    en: {
      text: '{source} sends {file}, which does not lead to the trusted root; it is not handed on.',
    },
    es: {
      text: '{source} envía {file}, que no lleva a la raíz de confianza; no se entrega a nadie.',
    },
  },
} as const satisfies MessageSet;
