import type { MessageSet } from '../message.ts';

/** Sentences of `src/lease/`. */
export const leaseMessages = {
  'serial-not-understood': {
    exit: 2,
    en: {
      text: '"{serial}" is no serial number of a laptop.',
      hint: 'It has three letters and eight digits or letters A to F, such as SHC00000001.',
    },
    es: {
      text: '«{serial}» no es un número de serie de un equipo.',
      hint: 'Tiene tres letras y ocho cifras o letras de A a F, como SHC00000001.',
    },
  },
  'uuid-not-understood': {
    exit: 2,
    en: {
      text: '"{uuid}" is no UUID of a laptop.',
      hint: 'It has 32 digits or letters A to F in groups of 8-4-4-4-12.',
    },
    es: {
      text: '«{uuid}» no es un UUID de un equipo.',
      hint: 'Tiene 32 cifras o letras de A a F en grupos de 8-4-4-4-12.',
    },
  },
  'laptop-not-understood': {
    exit: 2,
    en: { text: '"{laptop}" names no laptop.', hint: 'Write its serial number and its UUID as SERIAL:UUID.' },
    es: {
      text: '«{laptop}» no nombra ningún equipo.',
      hint: 'Escriba su número de serie y su UUID como SERIE:UUID.',
    },
  },
  'laptops-line-wrong': {
    exit: 2,
    en: {
      text: 'Line {line} of {file} is no laptop, or names one that stands there with another UUID.',
      hint: 'Each line is SERIAL,UUID. Nothing was made.',
    },
    es: {
      text: 'La línea {line} de {file} no es un equipo, o nombra uno que ya está con otro UUID.',
      hint: 'Cada línea es SERIE,UUID. No se creó nada.',
    },
  },
  'school-line-wrong': {
    exit: 2,
    en: {
      text: 'Line {line} of {file} is no laptop of a school, or names one that stands there with another UUID.',
      hint: 'Each line is school,SN,UUID. Nothing was made.',
    },
    es: {
      text: 'La línea {line} de {file} no es un equipo de una escuela, o nombra uno que ya está con otro UUID.',
      hint: 'Cada línea es escuela,SN,UUID. No se creó nada.',
    },
  },
  'laptop-uuids-differ': {
    exit: 2,
    en: {
      text: 'The laptop {serial} is listed with two UUIDs.',
      hint: 'Leave only the right line for it. Nothing was taken.',
    },
    es: {
      text: 'El equipo {serial} aparece con dos UUID.',
      hint: 'Deje solo su línea correcta. No se tomó nada.',
    },
  },
  'lease-line-invalid': {
    exit: 1,
    en: {
      text: 'This is no signed record of a laptop: {line}',
      hint: 'A line begins with act01, dev01, rtc01 or del01. Look whether the file was cut or changed by an editor.',
    },
    es: {
      text: 'Esto no es un registro firmado de un equipo: {line}',
      hint: 'Una línea empieza con act01, dev01, rtc01 o del01. Vea si el archivo fue cortado o cambiado por un editor.',
    },
  },
  'leases-invalid': {
    exit: 1,
    en: {
      text: 'The file of leases makes no sense from byte {position} on.',
      hint: 'Copy it again, or make it anew.',
    },
    es: {
      text: 'El archivo de permisos no tiene sentido desde el byte {position}.',
      hint: 'Cópielo otra vez o créelo de nuevo.',
    },
  },
  'leases-out-of-order': {
    exit: 1,
    en: {
      text: 'The laptop {serial} comes after {previous}; in a collection they stand in order, each once.',
      hint: 'Sort the lines by serial number.',
    },
    es: {
      text: 'El equipo {serial} viene después de {previous}; en una colección van en orden, cada uno una vez.',
      hint: 'Ordene las líneas por número de serie.',
    },
  },
  'lease-of-another': {
    exit: 1,
    en: {
      text: 'The record is for the laptop {found}, not for {serial} with the UUID given.',
      hint: 'Compare serial number and UUID with what the laptop shows.',
    },
    es: {
      text: 'El registro es para el equipo {found}, no para {serial} con el UUID indicado.',
      hint: 'Compare el número de serie y el UUID con lo que muestra el equipo.',
    },
  },
  'lease-expired': {
    exit: 1,
    en: {
      text: 'The lease of {serial} ended at {expiry}.',
      hint: 'Make a new one with "satchel lease make".',
    },
    es: {
      text: 'El permiso de {serial} terminó en {expiry}.',
      hint: 'Cree uno nuevo con «satchel lease make».',
    },
  },
  'lease-signature-expired': {
    exit: 1,
    en: {
      text: 'A signature under the record of {serial} has run out.',
      hint: 'Ask for a new delegation, and make the lease again.',
    },
    es: {
      text: 'Una firma del registro de {serial} ya venció.',
      hint: 'Pida una delegación nueva y cree el permiso otra vez.',
    },
  },
  'lease-signature-wrong': {
    exit: 1,
    en: {
      text: 'A signature under the record of {serial} is wrong.',
      hint: 'It was made for another laptop, or the record was changed. Make it again.',
    },
    es: {
      text: 'Una firma del registro de {serial} es incorrecta.',
      hint: 'Se hizo para otro equipo, o el registro fue cambiado. Créelo de nuevo.',
    },
  },
  'lease-key-unknown': {
    exit: 1,
    en: {
      text: 'The record of {serial} is signed by the key …{keyId}, which is not trusted.',
      hint: 'Give the public key that the laptops have with --trust.',
    },
    es: {
      text: 'El registro de {serial} está firmado con la clave …{keyId}, que no es de confianza.',
      hint: 'Indique con --trust la clave pública que tienen los equipos.',
    },
  },
  'disposition-not-understood': {
    exit: 2,
    en: {
      text: '{option}: "{value}" is no mark of a lease.',
      hint: 'It is one character, such as K; no space, no colon.',
    },
    es: {
      text: '{option}: «{value}» no es una marca de permiso.',
      hint: 'Es un carácter, como K; ni espacio ni dos puntos.',
    },
  },
  'lease-over-already': {
    exit: 2,
    en: {
      text: '{until} is over: the clock of this machine says {now}.',
      hint: 'Name a time that is to come, or set the clock. Nothing was made.',
    },
    es: {
      text: '{until} ya pasó: el reloj de esta máquina dice {now}.',
      hint: 'Indique una hora futura, o ponga el reloj en hora. No se creó nada.',
    },
  },
  'lease-delegation-over': {
    exit: 3,
    en: {
      text: 'The delegation for the laptop {serial} ended at {until}.',
      hint: 'Ask the origin for a new one, made by "satchel lease delegate". Nothing was made.',
    },
    es: {
      text: 'La delegación para el equipo {serial} terminó en {until}.',
      hint: 'Pida al origen una nueva, hecha con «satchel lease delegate». No se creó nada.',
    },
  },
  'lease-delegation-missing': {
    exit: 3,
    en: {
      text: 'Nobody lets this key sign for the laptop {serial}.',
      hint: 'Ask the origin for a delegation that lists it, made by "satchel lease delegate". Nothing was made.',
    },
    es: {
      text: 'Nadie permite que esta clave firme para el equipo {serial}.',
      hint: 'Pida al origen una delegación que lo incluya, hecha con «satchel lease delegate». No se creó nada.',
    },
  },
  'lease-not-found': {
    exit: 3,
    en: {
      text: '{file} has no record of the laptop {serial}.',
      hint: 'Look whether the serial number is right.',
    },
    es: {
      text: '{file} no tiene ningún registro del equipo {serial}.',
      hint: 'Vea si el número de serie es correcto.',
    },
  },
  'lease-laptops-needed': {
    exit: 2,
    en: {
      text: 'No laptops are named.',
      hint: 'Write SERIAL:UUID for each, or name a list of them with --laptops FILE.',
    },
    es: {
      text: 'No se indicó ningún equipo.',
      hint: 'Escriba SERIE:UUID por cada uno, o indique una lista con --laptops ARCHIVO.',
    },
  },
  'lease-key-unreadable': {
    exit: 1,
    en: {
      text: '{path} holds no RSA key of 2048 bits that laptops know.',
      hint: 'Give NAME.public or NAME.private of the old tools, a key01 line, or PEM.',
    },
    es: {
      text: '{path} no contiene una clave RSA de 2048 bits que los equipos conozcan.',
      hint: 'Indique NOMBRE.public o NOMBRE.private de las herramientas antiguas, una línea key01 o PEM.',
    },
  },
  'lease-key-locked': {
    exit: 1,
    en: {
      text: 'The key in {path} is encrypted, and the passphrase does not open it.',
      hint: 'Write the passphrase into a file and name it with --passphrase-file.',
    },
    es: {
      text: 'La clave de {path} está cifrada y la contraseña no la abre.',
      hint: 'Escriba la contraseña en un archivo e indíquelo con --passphrase-file.',
    },
  },
  'lease-key-exists': {
    exit: 4,
    en: { text: '{path} is there already.', hint: 'Choose another name: keys are never replaced.' },
    es: { text: '{path} ya existe.', hint: 'Elija otro nombre: las claves nunca se reemplazan.' },
  },
} as const satisfies MessageSet;
