import type { MessageSet } from '../message.ts';

/** Sentences about what a place holds of leases, when it makes them, and stolen laptops. */
export const leaseOfficeMessages = {
  'zone-not-understood': {
    exit: 2,
    en: {
      text: '"{zone}" is no time zone that this machine knows.',
      hint: 'Write it as in the time zone database, such as America/Asuncion.',
    },
    es: {
      text: '«{zone}» no es una zona horaria que este equipo conozca.',
      hint: 'Escríbala como en la base de zonas horarias, por ejemplo America/Asuncion.',
    },
  },
  'weekdays-not-understood': {
    exit: 2,
    en: {
      text: '"{days}" are no days of a weekend.',
      hint: 'Write them as sat,sun, or none. At least one day of the week must be left.',
    },
    es: {
      text: '«{days}» no son días de fin de semana.',
      hint: 'Escríbalos como sat,sun, o none. Debe quedar al menos un día de la semana.',
    },
  },
  'holidays-line-wrong': {
    exit: 2,
    en: {
      text: 'Line {line} of {file} is no holiday.',
      hint: 'Each line is a day, 2026-12-25, or two with a slash, 2026-12-20/2027-02-15; at most 1000 lines.',
    },
    es: {
      text: 'La línea {line} de {file} no es un día feriado.',
      hint: 'Cada línea es un día, 2026-12-25, o dos con una barra, 2026-12-20/2027-02-15; a lo más 1000 líneas.',
    },
  },
  'time-of-day-not-understood': {
    exit: 2,
    en: { text: '"{time}" is no time of day.', hint: 'Write hours and minutes, such as 06:00.' },
    es: { text: '«{time}» no es una hora del día.', hint: 'Escriba horas y minutos, como 06:00.' },
  },
  'lease-store-damaged': {
    exit: 1,
    en: {
      text: 'What is kept of leases is damaged: {path}',
      hint: 'Remove that folder and take the files of leases again with "satchel lease take".',
    },
    es: {
      text: 'Lo que se guarda de permisos está dañado: {path}',
      hint: 'Borre esa carpeta y vuelva a tomar los archivos con «satchel lease take».',
    },
  },
  'lease-store-busy': {
    exit: 1,
    en: {
      text: 'Another process is writing leases in {path}.',
      hint: 'Try again when it is done.',
    },
    es: {
      text: 'Otro proceso está escribiendo permisos en {path}.',
      hint: 'Intente otra vez cuando termine.',
    },
  },
  'lease-file-is-folder': {
    exit: 2,
    en: { text: '{path} is a folder.', hint: 'Name the files of leases in it.' },
    es: { text: '{path} es una carpeta.', hint: 'Indique los archivos de permisos que contiene.' },
  },
  'lease-settings-damaged': {
    exit: 1,
    en: {
      text: 'What was set about leases is damaged: {path}',
      hint: 'Remove the file and set it again with "satchel lease set".',
    },
    es: {
      text: 'Lo ajustado sobre permisos está dañado: {path}',
      hint: 'Borre el archivo y ajústelo otra vez con «satchel lease set».',
    },
  },
  'lease-passphrase-empty': {
    exit: 2,
    en: {
      text: 'The first line of {path} is empty.',
      hint: 'Write the passphrase of the key there.',
    },
    es: {
      text: 'La primera línea de {path} está vacía.',
      hint: 'Escriba allí la contraseña de la clave.',
    },
  },
  'activation-address-in-use': {
    exit: 1,
    en: {
      text: 'Another program listens on {address}, where laptops would ask for leases.',
      hint: 'Stop the old activation service (xinetd), or choose another port with --activation.',
    },
    es: {
      text: 'Otro programa escucha en {address}, donde los equipos pedirían permisos.',
      hint: 'Detenga el servicio de activación antiguo (xinetd) o elija otro puerto con --activation.',
    },
  },
  'activation-address-not-permitted': {
    exit: 1,
    en: {
      text: 'Only root may listen on {address}.',
      hint: 'Laptops ask at port 191: start the server as root, or let systemd give it the right CAP_NET_BIND_SERVICE.',
    },
    es: {
      text: 'Solo root puede escuchar en {address}.',
      hint: 'Los equipos preguntan en el puerto 191: inicie el servidor como root, o dele con systemd el derecho CAP_NET_BIND_SERVICE.',
    },
  },
  'activation-address-unavailable': {
    exit: 1,
    en: {
      text: 'Nobody can listen on {address} ({reason}).',
      hint: 'Look whether this machine has that address.',
    },
    es: {
      text: 'No se puede escuchar en {address} ({reason}).',
      hint: 'Vea si este equipo tiene esa dirección.',
    },
  },
  'lease-key-not-set': {
    exit: 3,
    en: {
      text: 'No key that makes leases was set here.',
      hint: 'Set one with "satchel lease set --key KEY".',
    },
    es: {
      text: 'Aquí no se ajustó ninguna clave que cree permisos.',
      hint: 'Ajuste una con «satchel lease set --key CLAVE».',
    },
  },
  'lease-clock-wrong': {
    exit: 4,
    en: {
      text: 'The clock of this machine says {time}: no leases are made.',
      hint: 'Set the clock. Laptops go on with the leases that are here.',
    },
    es: {
      text: 'El reloj de esta máquina dice {time}: no se crean permisos.',
      hint: 'Ponga el reloj en hora. Los equipos siguen con los permisos que hay aquí.',
    },
  },
  'lease-key-untrusted': {
    exit: 4,
    en: {
      text: 'The laptops do not trust {key}: it is none of the keys that --trust has named.',
      hint: 'Name the right key, or sign through delegations to this one with --through FILE. Nothing was changed.',
    },
    es: {
      text: 'Los equipos no confían en {key}: no es ninguna de las claves indicadas con --trust.',
      hint: 'Indique la clave correcta, o firme mediante delegaciones a esta con --through ARCHIVO. No se cambió nada.',
    },
  },
  'lease-not-as-root': {
    exit: 4,
    en: {
      text: '{path} belongs to another user, who could not read what root writes here.',
      hint: 'Run the command as that user: runuser -u USER -- satchel … Nothing was changed.',
    },
    es: {
      text: '{path} es de otro usuario, que no podría leer lo que root escriba aquí.',
      hint: 'Ejecute la orden como ese usuario: runuser -u USUARIO -- satchel … No se cambió nada.',
    },
  },
  'lease-key-of-origin': {
    exit: 4,
    en: {
      text: 'The laptops trust this key by itself, and {repository} is a site.',
      hint: 'Such a key stays at the origin. Make one for the site, and have it delegated: "satchel lease delegate". Remove this one from here.',
    },
    es: {
      text: 'Los equipos confían en esta clave por sí misma, y {repository} es un sitio.',
      hint: 'Una clave así se queda en el origen. Cree una para el sitio y pida su delegación: «satchel lease delegate». Borre esta de aquí.',
    },
  },
  'lease-key-not-delegated': {
    exit: 4,
    en: {
      text: 'Nobody has delegated to this key, and {repository} is a site: it signs for laptops only through delegations.',
      hint: 'Have the origin make them ("satchel lease delegate --to"), and give them with --through, "satchel lease take" or a stick. A key of the origin does not belong here.',
    },
    es: {
      text: 'Nadie ha delegado en esta clave, y {repository} es un sitio: solo firma para los equipos por delegación.',
      hint: 'Pida al origen las delegaciones («satchel lease delegate --to») y délas con --through, «satchel lease take» o una memoria USB. Una clave del origen no debe estar aquí.',
    },
  },
  'lease-laptops-unknown': {
    exit: 3,
    en: {
      text: 'No laptops are known here.',
      hint: 'Take a list of SERIAL,UUID lines with "satchel lease take FILE", or name it with --laptops.',
    },
    es: {
      text: 'Aquí no se conoce ningún equipo.',
      hint: 'Tome una lista de líneas SERIE,UUID con «satchel lease take ARCHIVO», o indíquela con --laptops.',
    },
  },
  'marks-at-origin': {
    exit: 4,
    en: {
      text: '{repository} is a site; laptops are marked at the origin.',
      hint: 'Tell the origin the serial numbers. Its mark comes here with the news, or on a stick.',
    },
    es: {
      text: '{repository} es un sitio; los equipos se marcan en el origen.',
      hint: 'Comunique al origen los números de serie. Su marca llega con las novedades, o en una memoria USB.',
    },
  },
  'mark-too-long': {
    exit: 2,
    en: { text: '{option} has more than {most} characters.', hint: 'Say it in fewer words.' },
    es: { text: '{option} tiene más de {most} caracteres.', hint: 'Dígalo con menos palabras.' },
  },
  'delegate-one-list': {
    exit: 2,
    en: {
      text: 'More than one list of laptops was named.',
      hint: 'Name one of these: {options}.',
    },
    es: {
      text: 'Se indicó más de una lista de equipos.',
      hint: 'Indique una de estas: {options}.',
    },
  },
  'schools-none': {
    exit: 3,
    en: {
      text: '{path} names no school.',
      hint: 'Each school has a folder with xo.csv (--schools), or lines SCHOOL,SERIAL,UUID in one list (--csv).',
    },
    es: {
      text: '{path} no nombra ninguna escuela.',
      hint: 'Cada escuela tiene una carpeta con xo.csv (--schools), o líneas ESCUELA,SERIE,UUID en una lista (--csv).',
    },
  },
  'school-name-wrong': {
    exit: 2,
    en: {
      text: 'Line {line} of {file}: "{name}" cannot be the name of a school.',
      hint: 'Use letters, digits, dots, underscores and hyphens, at most 64. Nothing was made.',
    },
    es: {
      text: 'Línea {line} de {file}: «{name}» no puede ser el nombre de una escuela.',
      hint: 'Use letras, cifras, puntos, guiones bajos y guiones, a lo más 64. No se creó nada.',
    },
  },
  'school-key-absent': {
    exit: 3,
    en: { text: 'There is no key {path}.', hint: 'Copy the public key of the school server there.' },
    es: {
      text: 'No existe la clave {path}.',
      hint: 'Copie allí la clave pública del servidor de la escuela.',
    },
  },
  'school-list-empty': {
    exit: 3,
    en: {
      text: '{path} is not there, or names no laptops.',
      hint: 'Write SERIAL,UUID there for each laptop of the school. Its delegations stay as they are.',
    },
    es: {
      text: '{path} no existe o no nombra ningún equipo.',
      hint: 'Escriba allí SERIE,UUID por cada equipo de la escuela. Sus delegaciones quedan como están.',
    },
  },
  'lease-office-trouble': {
    en: {
      text: 'No new leases can be made: {reason}',
      hint: 'Laptops go on with the leases that are here.',
    },
    es: {
      text: 'No se pueden crear permisos nuevos: {reason}',
      hint: 'Los equipos siguen con los permisos que hay aquí.',
    },
  },
  'activation-none': {
    en: { text: 'The laptop {serial} asked for a lease from {from}, and there is none for it here.' },
    es: { text: 'El equipo {serial} pidió un permiso desde {from}, y aquí no hay ninguno para él.' },
  },
  'activation-stolen': {
    en: { text: 'The laptop {serial}, which is marked as stolen, asked for a lease from {from}.' },
    es: { text: 'El equipo {serial}, marcado como robado, pidió un permiso desde {from}.' },
  },
  'stolen-too-many': {
    exit: 4,
    en: {
      text: 'More than {most} laptops would be marked as stolen.',
      hint: 'Mark those as recovered that are. Nothing was changed.',
    },
    es: {
      text: 'Habría más de {most} equipos marcados como robados.',
      hint: 'Marque como recuperados los que lo estén. No se cambió nada.',
    },
  },
} as const satisfies MessageSet;
