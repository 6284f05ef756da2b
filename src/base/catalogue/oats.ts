import type { MessageSet } from '../message.ts';

/** Sentences about the theft-deterrence protocol. */
export const oatsMessages = {
  'oats-answer-invalid': {
    exit: 1,
    en: {
      text: 'The answer of the theft-deterrence server makes no sense from byte {position} on.',
      hint: 'Look whether something else answers at that address, such as the page of a network that wants a login.',
    },
    es: {
      text: 'La respuesta del servidor antirrobo no tiene sentido desde el byte {position}.',
      hint: 'Vea si en esa dirección responde otra cosa, como la página de una red que pide identificarse.',
    },
  },
  'oats-answer-field': {
    exit: 1,
    en: {
      text: 'The field "{field}" in the answer of the theft-deterrence server is missing or wrong.',
      hint: 'Compare the names of the fields with what the server is set to: "satchel oats status" there.',
    },
    es: {
      text: 'El campo «{field}» de la respuesta del servidor antirrobo falta o es incorrecto.',
      hint: 'Compare los nombres de los campos con los del servidor: «satchel oats status» allí.',
    },
  },
  'oats-answer-other': {
    exit: 1,
    en: {
      text: 'The answer of the theft-deterrence server is to another question; it was not believed.',
      hint: 'Somebody may have sent an old answer again, or a proxy kept it. Ask again.',
    },
    es: {
      text: 'La respuesta del servidor antirrobo es a otra pregunta; no se le dio crédito.',
      hint: 'Alguien pudo reenviar una respuesta vieja, o un proxy la guardó. Pregunte otra vez.',
    },
  },
  'oats-answer-unsigned': {
    exit: 1,
    en: {
      text: 'The answer of the theft-deterrence server carries no signature; it was not believed.',
      hint: 'Look whether this is the right server.',
    },
    es: {
      text: 'La respuesta del servidor antirrobo no lleva firma; no se le dio crédito.',
      hint: 'Vea si es el servidor correcto.',
    },
  },
  'oats-request-invalid': {
    exit: 1,
    en: {
      text: 'The field "{field}" of the question is missing, there twice, or wrong.',
      hint: 'A question is serialnum=SERIAL&version=1&nonce=TEXT, up to 16 KiB.',
    },
    es: {
      text: 'El campo «{field}» de la pregunta falta, está dos veces o es incorrecto.',
      hint: 'Una pregunta es serialnum=SERIE&version=1&nonce=TEXTO, hasta 16 KiB.',
    },
  },
  'oats-hashcash-too-hard': {
    exit: 1,
    en: {
      text: 'The theft-deterrence server wants {bits} bits of work before it answers; at most {most} are done.',
      hint: 'Ask its operator to want less, or look whether it is the right server.',
    },
    es: {
      text: 'El servidor antirrobo pide {bits} bits de trabajo antes de responder; se hacen como máximo {most}.',
      hint: 'Pida a quien lo administra que exija menos, o vea si es el servidor correcto.',
    },
  },
  'oats-key-needed': {
    exit: 2,
    en: {
      text: 'No key is named that signs the answers.',
      hint: 'Make one with "satchel lease key NAME" and give --key NAME.private.',
    },
    es: {
      text: 'No se indicó ninguna clave que firme las respuestas.',
      hint: 'Cree una con «satchel lease key NOMBRE» e indique --key NOMBRE.private.',
    },
  },
  'oats-not-set-up': {
    exit: 3,
    en: {
      text: 'Nobody has said how {repository} answers laptops.',
      hint: 'Say it with "satchel oats set --key KEY".',
    },
    es: {
      text: 'Nadie indicó cómo responde {repository} a los equipos.',
      hint: 'Indíquelo con «satchel oats set --key CLAVE».',
    },
  },
  'oats-hashcash-not-understood': {
    exit: 2,
    en: { text: '{option}: "{value}" is no number of bits.', hint: 'Write a number up to {most}, or none.' },
    es: {
      text: '{option}: «{value}» no es un número de bits.',
      hint: 'Escriba un número hasta {most}, o none.',
    },
  },
  'oats-field-not-understood': {
    exit: 2,
    en: { text: '{option}: "{value}" names no field.', hint: 'Write FIELD=NAME, such as lease=leases.' },
    es: {
      text: '{option}: «{value}» no nombra ningún campo.',
      hint: 'Escriba CAMPO=NOMBRE, por ejemplo lease=leases.',
    },
  },
  'oats-field-not-possible': {
    exit: 2,
    en: {
      text: 'The fields of an answer cannot be called so: {value}',
      hint: 'The fields are lease, stolen, update, hash, name, priority and update_path. Names have letters and digits, and no two fields the same; nonce and time are taken.',
    },
    es: {
      text: 'Los campos de una respuesta no pueden llamarse así: {value}',
      hint: 'Los campos son lease, stolen, update, hash, name, priority y update_path. Los nombres llevan letras y cifras, y no hay dos campos con el mismo; nonce y time están ocupados.',
    },
  },
  'oats-path-not-understood': {
    exit: 2,
    en: {
      text: '{option}: "{value}" does not say where a build is.',
      hint: 'Write {name} where its name stands: rsync://schoolserver/build-{name}.',
    },
    es: {
      text: '{option}: «{value}» no dice dónde está una versión.',
      hint: 'Escriba {name} donde va su nombre: rsync://schoolserver/build-{name}.',
    },
  },
  'oats-post-only': {
    en: { text: 'Laptops ask here with POST.' },
    es: { text: 'Aquí los equipos preguntan con POST.' },
  },
  'oats-hashcash-wanted': {
    en: { text: 'This server wants to see some work before it answers.' },
    es: { text: 'Este servidor pide un trabajo antes de responder.' },
  },
  'oats-not-for-us': {
    en: { text: 'This server may not answer for this laptop.' },
    es: { text: 'Este servidor no puede responder por este equipo.' },
  },
  'updates-cfg-too-large': {
    exit: 1,
    en: { text: '{path} is larger than {most} bytes.', hint: 'Look whether it is the right file.' },
    es: { text: '{path} ocupa más de {most} bytes.', hint: 'Vea si es el archivo correcto.' },
  },
  'updates-cfg-too-many': {
    exit: 1,
    en: {
      text: '{path} has more than {most} entries.',
      hint: 'Take away those of builds that nobody runs any more.',
    },
    es: { text: '{path} tiene más de {most} entradas.', hint: 'Quite las de versiones que ya nadie usa.' },
  },
  'updates-cfg-not-text': {
    exit: 1,
    en: {
      text: 'Line {line} of {path} is not text in UTF-8.',
      hint: 'Save the file again as plain text, UTF-8.',
    },
    es: {
      text: 'La línea {line} de {path} no es texto en UTF-8.',
      hint: 'Guarde el archivo otra vez como texto sin formato, UTF-8.',
    },
  },
  'updates-cfg-line': {
    exit: 1,
    en: {
      text: 'Line {line} of {path} is neither a heading nor a setting: {text}',
      hint: 'Write "[hash]" or "setting = value"; what begins with # is a remark.',
    },
    es: {
      text: 'La línea {line} de {path} no es ni un encabezado ni un ajuste: {text}',
      hint: 'Escriba «[hash]» o «ajuste = valor»; lo que empieza con # es un comentario.',
    },
  },
  'updates-cfg-header': {
    exit: 1,
    en: {
      text: 'Line {line} of {path} is no contents hash in brackets: {header}',
      hint: 'It has 64 digits or letters a to f; "satchel show BUILD" prints it.',
    },
    es: {
      text: 'La línea {line} de {path} no es un hash de contenido entre corchetes: {header}',
      hint: 'Tiene 64 cifras o letras de a a f; «satchel show VERSIÓN» lo muestra.',
    },
  },
  'updates-cfg-orphan': {
    exit: 1,
    en: {
      text: 'Line {line} of {path} sets "{setting}" before any heading.',
      hint: 'Settings stand below the heading of their build.',
    },
    es: {
      text: 'La línea {line} de {path} fija «{setting}» antes de cualquier encabezado.',
      hint: 'Los ajustes van debajo del encabezado de su versión.',
    },
  },
  'updates-cfg-unknown': {
    exit: 1,
    en: {
      text: 'Line {line} of {path}: there is no setting "{setting}".',
      hint: 'There are name, priority, update_path, from, stream, model, serials, not_before, percent and offer_unknown.',
    },
    es: {
      text: 'Línea {line} de {path}: no existe el ajuste «{setting}».',
      hint: 'Existen name, priority, update_path, from, stream, model, serials, not_before, percent y offer_unknown.',
    },
  },
  'updates-cfg-twice': {
    exit: 1,
    en: { text: 'Line {line} of {path}: {what} is there twice.', hint: 'Keep one of the two.' },
    es: { text: 'Línea {line} de {path}: {what} está dos veces.', hint: 'Deje una de las dos.' },
  },
  'updates-cfg-value': {
    exit: 1,
    en: {
      text: 'Line {line} of {path}: "{value}" cannot be a value of "{setting}".',
      hint: 'Times are 2026-01-31T06:00:00Z, percent goes up to 100, priority is low, normal or high; values stand without quotation marks.',
    },
    es: {
      text: 'Línea {line} de {path}: «{value}» no puede ser un valor de «{setting}».',
      hint: 'Las horas son 2026-01-31T06:00:00Z, percent llega hasta 100, priority es low, normal o high; los valores van sin comillas.',
    },
  },
  'updates-cfg-incomplete': {
    exit: 1,
    en: {
      text: 'The entry that begins in line {line} of {path} has no "{setting}".',
      hint: 'Write "{setting} = …" below its heading.',
    },
    es: {
      text: 'La entrada que empieza en la línea {line} de {path} no tiene «{setting}».',
      hint: 'Escriba «{setting} = …» debajo de su encabezado.',
    },
  },
  'updates-cfg-from-newer': {
    exit: 1,
    en: {
      text: 'Line {line} of {path}: the entry is for those who run {hash}, which does not stand above it.',
      hint: 'Entries go from the oldest to the newest: nobody is led upwards.',
    },
    es: {
      text: 'Línea {line} de {path}: la entrada es para quienes usan {hash}, que no está más arriba.',
      hint: 'Las entradas van de la más vieja a la más nueva: a nadie se le lleva hacia arriba.',
    },
  },
} as const satisfies MessageSet;
