import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** Sentences of the rsync daemon that Satchel runs: to the operator, in its log, and to rsync clients. */
export const rsyncDaemonMessages = {
  'rsync-program-absent': {
    exit: 1,
    en: {
      text: 'The program rsync is not installed on this machine.',
      hint: 'Install it (on Debian: apt-get install rsync), or serve without --rsync.',
    },
    es: {
      text: 'El programa rsync no está instalado en esta máquina.',
      hint: 'Instálelo (en Debian: apt-get install rsync), o sirva sin --rsync.',
    },
  },
  'rsync-address-in-use': {
    exit: 1,
    en: {
      text: 'Another program is already listening on {address}, perhaps another rsync daemon.',
      hint: 'Stop that program, or choose another port with --rsync HOST:PORT.',
    },
    es: {
      text: 'Otro programa ya escucha en {address}, quizás otro servicio rsync.',
      hint: 'Detenga ese programa, o elija otro puerto con --rsync HOST:PUERTO.',
    },
  },
  'rsync-address-not-permitted': {
    exit: 1,
    en: {
      text: 'The system does not let this user listen on {address}.',
      hint: 'Run as root for port 873, or choose a port of 1024 or above with --rsync HOST:PORT, for example 8730.',
    },
    es: {
      text: 'El sistema no permite que este usuario escuche en {address}.',
      hint: 'Ejecute como root para el puerto 873, o elija un puerto desde 1024 con --rsync HOST:PUERTO, por ejemplo 8730.',
    },
  },
  'rsync-address-unavailable': {
    exit: 1,
    en: {
      text: 'This machine has no address {address} for rsync clients: {reason}.',
      hint: 'Use an address of this machine with --rsync HOST:PORT, for example 0.0.0.0:873 for all of them.',
    },
    es: {
      text: 'Esta máquina no tiene la dirección {address} para clientes rsync: {reason}.',
      hint: 'Use una dirección de esta máquina con --rsync HOST:PUERTO, por ejemplo 0.0.0.0:873 para todas.',
    },
  },
  'rsync-address-not-understood': {
    exit: 2,
    en: {
      text: '"{value}" for {option} is no address for rsync clients.',
      hint: 'Write HOST:PORT, PORT or HOST, for example 0.0.0.0:873; without a port it is 873 for root and 8730 for others.',
    },
    es: {
      text: '«{value}» para {option} no es una dirección para clientes rsync.',
      hint: 'Escriba HOST:PUERTO, PUERTO o HOST, por ejemplo 0.0.0.0:873; sin puerto es 873 para root y 8730 para otros.',
    },
  },
  'rsync-user-absent': {
    exit: 1,
    en: {
      text: 'There is no user {user} on this machine as whom rsync clients could be served.',
      hint: 'Name another with "satchel rsync set --user NAME".',
    },
    es: {
      text: 'No existe en esta máquina el usuario {user} con el que se atendería a los clientes rsync.',
      hint: 'Nombre otro con «satchel rsync set --user NOMBRE».',
    },
  },
  'rsync-path-not-allowed': {
    exit: 1,
    en: {
      text: 'The path {path} cannot stand in the configuration of an rsync daemon.',
      hint: 'Use a directory whose name has no line break, at most one % sign, and no space or backslash at its end.',
    },
    es: {
      text: 'La ruta {path} no puede figurar en la configuración de un servicio rsync.',
      hint: 'Use un directorio cuyo nombre no tenga saltos de línea, ni más de un signo %, ni espacio o barra invertida al final.',
    },
  },
  'rsync-daemon-failed': {
    exit: 1,
    en: {
      text: 'The rsync daemon does not start: {reason}',
      hint: 'Look at what the operator added in rsyncd.conf.in, and at the limits of "satchel rsync status".',
    },
    es: {
      text: 'El servicio rsync no arranca: {reason}',
      hint: 'Revise lo que el operador agregó en rsyncd.conf.in y los límites de «satchel rsync status».',
    },
  },

  'rsync-daemon-ended': words(
    'The rsync daemon ended ({reason}); it is started again in {seconds} s.',
    'El servicio rsync terminó ({reason}); se inicia de nuevo en {seconds} s.',
  ),
  'rsync-daemon-back': words(
    'The rsync daemon serves again at {url}.',
    'El servicio rsync atiende otra vez en {url}.',
  ),
  'rsync-daemon-silent': words('it did not answer in {seconds} s', 'no respondió en {seconds} s'),
  'rsync-daemon-exit-code': words('it ended with code {code}', 'terminó con el código {code}'),
  'rsync-daemon-signal': words('signal {signal} ended it', 'lo terminó la señal {signal}'),
  'rsync-renewal-failed': words(
    'What rsync clients are offered could not be brought up to date: {reason}',
    'No se pudo actualizar lo que se ofrece a los clientes rsync: {reason}',
  ),
  'rsync-template-module-ours': words(
    'The module [{module}] of {path} is not used, because Satchel has a module of that name.',
    'El módulo [{module}] de {path} no se usa, porque Satchel tiene un módulo con ese nombre.',
  ),
  'rsync-template-setting-ours': words(
    'The setting "{setting}" of {path} is not used, because Satchel sets it itself.',
    'El ajuste «{setting}» de {path} no se usa, porque lo fija Satchel.',
  ),
  'rsync-template-line-wrong': words(
    'Line {line} of {path} is not used, because it is neither a module nor a setting.',
    'La línea {line} de {path} no se usa, porque no es un módulo ni un ajuste.',
  ),
  'rsync-template-inclusion': words(
    'Line {line} of {path} is not used, because it names no file that can be read by its whole path.',
    'La línea {line} de {path} no se usa, porque no nombra con su ruta completa un archivo que se pueda leer.',
  ),
  'rsync-configuration-refused': {
    exit: 1,
    en: {
      text: 'rsync does not take the new configuration, so the old one stays: {reason}',
      hint: 'Mend what the operator added in {path}.',
    },
    es: {
      text: 'rsync no acepta la nueva configuración, así que queda la anterior: {reason}',
      hint: 'Corrija lo que el operador agregó en {path}.',
    },
  },
  'rsync-service-failed': words(
    'rsync clients are not served: {reason} It is tried again in {seconds} s.',
    'No se atiende a los clientes rsync: {reason} Se intenta de nuevo en {seconds} s.',
  ),
  'rsync-entry-strange': words(
    '{path} was removed: it is none of the files that Satchel keeps there.',
    'Se borró {path}: no es de los archivos que Satchel guarda allí.',
  ),
  'serving-as-root': words(
    'The server runs as root, but {path} belongs to another user, who cannot replace what it writes there. Run it as that user: packaging/systemd/satchel-serve.service does.',
    'El servidor corre como root, pero {path} es de otro usuario, que no podrá reemplazar lo que se escriba allí. Ejecútelo como ese usuario: packaging/systemd/satchel-serve.service lo hace.',
  ),
  'rsync-build-name-case': words(
    'The build {name} has no rsync module of its own, because rsync does not tell it from {other}; it is in the module [builds].',
    'La versión {name} no tiene un módulo rsync propio, porque rsync no la distingue de {other}; está en el módulo [builds].',
  ),
  'rsync-daemon-says': words('rsync: {line}', 'rsync: {line}'),

  'rsync-answer-making': words(
    '{name} is being made ready, {percent} % are done. Please try again in a minute.',
    '{name} se está preparando, va por el {percent} %. Intente de nuevo en un minuto.',
  ),
  'rsync-answer-waiting': words(
    '{name} will be made ready soon. Please try again in a few minutes.',
    '{name} se preparará pronto. Intente de nuevo en unos minutos.',
  ),
  'rsync-answer-absent': words('There is no build {name} here.', 'Aquí no hay ninguna versión {name}.'),
  'rsync-answer-name': words(
    'No build can have the name that was asked for.',
    'Ninguna versión puede tener el nombre que se pidió.',
  ),
  'rsync-answer-failed': words(
    '{name} could not be made ready. The log of the server says why.',
    'No se pudo preparar {name}. El registro del servidor dice por qué.',
  ),
  'rsync-answer-again': words(
    'What was asked for is ready now. Please ask again.',
    'Lo que se pidió ya está listo. Pídalo de nuevo.',
  ),
  'rsync-answer-busy': words(
    'Connections from one address at the same time: {count} at most. Please try again when one has ended.',
    'Conexiones desde una dirección a la vez: {count} como máximo. Intente de nuevo cuando una haya terminado.',
  ),
  'rsync-answer-crowd': words(
    'Waiting connections from one address: {count} at most. Please try again in a minute.',
    'Conexiones de una dirección en espera: {count} como máximo. Intente de nuevo en un minuto.',
  ),
  'rsync-answer-gone': words('The client has left.', 'El cliente se fue.'),
  'rsync-answer-stopping': words(
    'The server is being stopped. Please try again later.',
    'El servidor se está deteniendo. Intente de nuevo más tarde.',
  ),
  'rsync-answer-broken': words(
    'The server cannot keep account of its transfers. Its disk may be full.',
    'El servidor no puede llevar la cuenta de sus transferencias. Su disco puede estar lleno.',
  ),

  'rsync-motd-making': words(
    '{name} is being made ready: {percent} %.',
    '{name} se está preparando: {percent} %.',
  ),
  'rsync-comment-build': words('{bytes}, published {date}', '{bytes}, publicada {date}'),
  'rsync-comment-builds': words('all builds', 'todas las versiones'),
  'rsync-comment-elsewhere': words('fetched when it is asked for', 'se trae cuando se pide'),
  'rsync-comment-os': words('packed builds, as they were dropped here', 'versiones empaquetadas'),
  'rsync-comment-lite': words('signed lists for satchel-lite', 'listas firmadas para satchel-lite'),

  'help-group-rsync': words('serve rsync clients', 'atiende a clientes rsync'),
  'help-rsync-set': words(
    'change how rsync clients are served',
    'cambia cómo se atiende a los clientes rsync',
  ),
  'help-rsync-status': words(
    'show how rsync clients are served',
    'muestra cómo se atiende a los clientes rsync',
  ),
  'option-rsync': words(
    'serve rsync clients too, with the rsync daemon, at this address; without a port 873 for root, 8730 for others',
    'atiende también a clientes rsync, con el servicio rsync, en esta dirección; sin puerto, 873 para root y 8730 para otros',
  ),
  'option-rsync-connections': words(
    'most connections at one time; 0: no limit',
    'máximo de conexiones a la vez; 0: sin límite',
  ),
  'option-rsync-per-source': words(
    'most connections at one time from one address; 0: no limit',
    'máximo de conexiones a la vez desde una dirección; 0: sin límite',
  ),
  'option-rsync-nice': words(
    'how much the daemon gives way to other programs, 0 to 19',
    'cuánto cede el servicio ante otros programas, de 0 a 19',
  ),
  'option-rsync-memory': words(
    'most address space of one connection; none: no limit',
    'máximo espacio de direcciones de una conexión; none: sin límite',
  ),
  'option-rsync-budget': words(
    'disk space for trees; the least recently used go first',
    'espacio en disco para los árboles; primero se va el que hace más que no se usa',
  ),
  'option-rsync-wait': words(
    'how long a client waits for a tree before it is asked to come back',
    'cuánto espera un cliente por un árbol antes de que se le pida volver',
  ),
  'option-rsync-user': words(
    'the user as whom clients are served when the server runs as root',
    'el usuario con el que se atiende a los clientes si el servidor corre como root',
  ),
  'option-rsync-packed': words(
    'the drop directory; "default" for the usual one',
    'el directorio de entrega; «default» para el habitual',
  ),
  'option-rsync-upstream': words(
    'where builds come from that are not here, with {name} in the place of the build; "none" for nowhere',
    'de dónde vienen las versiones que no están aquí, con {name} en el lugar de la versión; «none» para ninguno',
  ),
  'user-not-understood': {
    exit: 2,
    en: {
      text: '"{value}" for {option} is no name of a user.',
      hint: 'Use small letters, digits, "-" and "_".',
    },
    es: {
      text: '«{value}» para {option} no es un nombre de usuario.',
      hint: 'Use minúsculas, cifras, «-» y «_».',
    },
  },
  'whole-number-not-understood': {
    exit: 2,
    en: {
      text: '"{value}" for {option} is no whole number from 0 to {most}.',
      hint: 'Write only digits, for example 30.',
    },
    es: {
      text: '«{value}» para {option} no es un número entero de 0 a {most}.',
      hint: 'Escriba solo cifras, por ejemplo 30.',
    },
  },

  'memory-too-small': {
    exit: 2,
    en: {
      text: 'rsync does not start with only {value} of memory.',
      hint: 'Give at least {least}, or "none" for no limit.',
    },
    es: {
      text: 'rsync no arranca con solo {value} de memoria.',
      hint: 'Dé al menos {least}, o «none» para no poner límite.',
    },
  },
  'packed-directory-absent': {
    exit: 1,
    en: { text: 'There is no directory {path}.', hint: 'Make it first, or name another for --packed.' },
    es: { text: 'No existe el directorio {path}.', hint: 'Créelo antes, o nombre otro para --packed.' },
  },
  'result-serve-rsync-failed': words(
    'rsync clients are not served yet: {reason} It is tried again.',
    'Aún no se atiende a los clientes rsync: {reason} Se intenta de nuevo.',
  ),
  'result-serve-rsync': words('Serving rsync clients at {url}', 'Atiende a clientes rsync en {url}'),
  'result-rsync-running': words('Serving at {url}.', 'Atiende en {url}.'),
  'result-rsync-down': words(
    'A server runs, but serves no rsync clients: {reason}',
    'Hay un servidor en marcha, pero no atiende a clientes rsync: {reason}',
  ),
  'result-rsync-usage': words(
    'Trees that are ready: {trees}, {bytes} on disk.',
    'Árboles listos: {trees}, {bytes} en disco.',
  ),
  'page-rsync': words('rsync clients', 'Clientes rsync'),
  'page-rsync-at': words('Served at {url}.', 'Se atienden en {url}.'),
  'page-rsync-down': words('Not served: {reason}', 'No se atienden: {reason}'),
  'page-rsync-starting': words('Not served yet.', 'Aún no se atienden.'),
  'page-rsync-trees': words(
    'Trees: {trees}, {bytes} of at most {budget}. Transfers now: {transfers}.',
    'Árboles: {trees}, {bytes} de como máximo {budget}. Transferencias ahora: {transfers}.',
  ),
  'result-rsync-not-running': words(
    'No server runs for {directory}.',
    'Ningún servidor atiende {directory}.',
  ),
  'result-rsync-connections': words(
    'Limit of connections: {connections}; from one address: {perSource}. nice: {nice}; memory: {memory}.',
    'Límite de conexiones: {connections}; desde una dirección: {perSource}. nice: {nice}; memoria: {memory}.',
  ),
  'result-rsync-trees': words(
    'Trees: at most {budget} on disk; a client waits up to {wait} s; served as {user}.',
    'Árboles: como máximo {budget} en disco; un cliente espera hasta {wait} s; se sirve como {user}.',
  ),
  'result-rsync-packed': words('Drop directory: {packed}.', 'Directorio de entrega: {packed}.'),
  'result-rsync-upstream': words(
    'Builds that are not here: {upstream}.',
    'Versiones que no están aquí: {upstream}.',
  ),
  'result-rsync-tree': words(
    '{name}: ready, last used {used}{sticky}',
    '{name}: listo, último uso {used}{sticky}',
  ),
  'result-rsync-tree-sticky': words(', sticky', ', fijado'),
  'result-rsync-making': words('{name}: being made, {percent} %', '{name}: en preparación, {percent} %'),
  'result-rsync-transfers': words('Transfers under way: {count}.', 'Transferencias en curso: {count}.'),
  'word-no-limit': words('no limit', 'sin límite'),
  'word-nowhere': words('from nowhere', 'de ninguna parte'),
} as const satisfies MessageSet;
