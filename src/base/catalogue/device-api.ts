import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** Sentences about devices that ask for themselves with a key of their own. */
export const deviceApiMessages = {
  'enrol-token-unknown': {
    exit: 3,
    en: {
      text: 'No such token for devices was given out here.',
      hint: 'Compare it letter by letter, or make another with "satchel fleet token create" at the origin.',
    },
    es: {
      text: 'Aquí no se entregó ningún código así para equipos.',
      hint: 'Compárelo letra por letra, o cree otro con «satchel fleet token create» en el origen.',
    },
  },
  'enrol-token-used': {
    exit: 4,
    en: {
      text: 'The token has been used by {uses} devices, as many as it is for.',
      hint: 'Make another with "satchel fleet token create --uses NUMBER" at the origin.',
    },
    es: {
      text: 'El código ya lo usaron {uses} equipos, todos para los que es.',
      hint: 'Cree otro con «satchel fleet token create --uses NÚMERO» en el origen.',
    },
  },
  'enrol-token-expired': {
    exit: 4,
    en: {
      text: 'The token was good until {expired}.',
      hint: 'Make another with "satchel fleet token create" at the origin.',
    },
    es: {
      text: 'El código sirvió hasta {expired}.',
      hint: 'Cree otro con «satchel fleet token create» en el origen.',
    },
  },
  'enrol-token-revoked': {
    exit: 4,
    en: {
      text: 'The token has been made worthless.',
      hint: 'Ask whoever gave it to you for another.',
    },
    es: { text: 'El código fue anulado.', hint: 'Pida otro a quien se lo dio.' },
  },
  'enrol-token-at-origin': {
    exit: 2,
    en: {
      text: '{repository} is a site: which devices may enrol is decided at the origin.',
      hint: 'Run it there.',
    },
    es: {
      text: '{repository} es un sitio: qué equipos se pueden inscribir se decide en el origen.',
      hint: 'Ejecútelo allí.',
    },
  },
  'device-serial-taken': {
    exit: 4,
    en: {
      text: 'Another key is enrolled for the device {serial}.',
      hint: 'If it was installed anew, end the former key with "satchel fleet unenrol {serial}" at the origin and enrol it again.',
    },
    es: {
      text: 'Para el equipo {serial} ya hay otra clave inscrita.',
      hint: 'Si se instaló de nuevo, anule la clave anterior con «satchel fleet unenrol {serial}» en el origen e inscríbalo otra vez.',
    },
  },
  'device-key-revoked': {
    exit: 4,
    en: {
      text: 'The key of this device has been made worthless.',
      hint: 'Remove it with "satchel device enrol --renew", and enrol with a new token.',
    },
    es: {
      text: 'La clave de este equipo fue anulada.',
      hint: 'Reemplácela con «satchel device enrol --renew» e inscríbalo con un código nuevo.',
    },
  },
  'device-not-enrolled': {
    exit: 3,
    en: {
      text: 'No key of a device "{device}" is known here.',
      hint: 'Enrol it with "satchel device enrol --token TOKEN" on the device.',
    },
    es: {
      text: 'Aquí no se conoce ninguna clave de un equipo «{device}».',
      hint: 'Inscríbalo con «satchel device enrol --token CÓDIGO» en el equipo.',
    },
  },
  'device-key-absent': {
    exit: 3,
    en: {
      text: 'This device has not been enrolled.',
      hint: 'Enrol it with "satchel device enrol --token TOKEN".',
    },
    es: {
      text: 'Este equipo no está inscrito.',
      hint: 'Inscríbalo con «satchel device enrol --token CÓDIGO».',
    },
  },
  'device-signature-wrong': {
    exit: 1,
    en: {
      text: 'The request is not signed by the key of a device, or was changed on its way.',
      hint: 'Look whether something between the device and {place} changes what passes.',
    },
    es: {
      text: 'La petición no está firmada con la clave de un equipo, o fue cambiada por el camino.',
      hint: 'Vea si algo entre el equipo y {place} cambia lo que pasa.',
    },
  },
  'device-signature-stale': {
    exit: 1,
    en: {
      text: 'The request was made at another time, or came twice.',
      hint: 'Sign it again over the nonce in this answer.',
    },
    es: {
      text: 'La petición se hizo a otra hora o llegó dos veces.',
      hint: 'Fírmela de nuevo con el nonce de esta respuesta.',
    },
  },
  'advice-unavailable': {
    exit: 1,
    en: {
      text: '{source} gives no advice to devices (status {status}).',
      hint: 'It is a plain web server, or an older Satchel. Updates work without.',
    },
    es: {
      text: '{source} no aconseja a equipos (estado {status}).',
      hint: 'Es un servidor web sencillo o un Satchel anterior. Las actualizaciones funcionan igual.',
    },
  },
  'advice-no-way': {
    exit: 2,
    en: {
      text: '{source} is a directory or a stick: nobody is there to ask.',
      hint: 'Name an address that begins with http:// or https:// with --source.',
    },
    es: {
      text: '{source} es un directorio o una memoria USB: no hay a quién preguntar.',
      hint: 'Indique una dirección que empiece con http:// o https:// con --source.',
    },
  },
  'advice-not-understood': {
    exit: 1,
    en: {
      text: '{source} answers something that is no advice.',
      hint: 'Look whether something else stands at this address, or a newer Satchel.',
    },
    es: {
      text: '{source} responde algo que no es un consejo.',
      hint: 'Vea si en esta dirección hay otra cosa, o un Satchel más nuevo.',
    },
  },
  'tls-file-unusable': {
    exit: 1,
    en: {
      text: 'The certificate {certificate} and the key {key} cannot be used: {why}',
      hint: 'Both are PEM files that belong together; the certificate comes first in its file, then those above it.',
    },
    es: {
      text: 'El certificado {certificate} y la clave {key} no se pueden usar: {why}',
      hint: 'Ambos son archivos PEM que van juntos; el certificado va primero en su archivo, luego los superiores.',
    },
  },
  'help-group-fleet-token': words('permissions for devices to enrol', 'permisos para inscribir equipos'),
  'help-fleet-token-create': words(
    'make a token with which devices may enrol (at the origin)',
    'crear un código con el que se inscriben equipos (en el origen)',
  ),
  'help-fleet-token-list': words('show the tokens for devices', 'mostrar los códigos para equipos'),
  'help-fleet-token-revoke': words('make a token for devices worthless', 'anular un código para equipos'),
  'help-fleet-keys': words('show the devices that have enrolled', 'mostrar los equipos inscritos'),
  'help-fleet-unenrol': words('end the key of a device', 'anular la clave de un equipo'),
  'help-device-enrol': words(
    'show this device to the origin with a token, so that it may ask for itself',
    'inscribir este equipo en el origen con un código, para que pueda preguntar por sí mismo',
  ),
  'help-device-advice': words(
    'ask the source what this device is to run, and for its lease',
    'preguntar al origen qué debe usar este equipo, y por su permiso',
  ),
  'option-enrol-uses': words(
    'how many devices may use it; 1 unless said otherwise',
    'cuántos equipos pueden usarlo; 1 si no se dice otra cosa',
  ),
  'option-enrol-token': words('the token that the origin gave', 'el código que dio el origen'),
  'option-enrol-renew': words('make a new key first', 'crear antes una clave nueva'),
  'option-token-with-devices': words(
    'refuse the devices that enrolled with it, too',
    'rechazar también los equipos que se inscribieron con él',
  ),
  'option-tls-certificate': words(
    'certificate for HTTPS, PEM; read again when it changes',
    'certificado para HTTPS, PEM; se vuelve a leer cuando cambia',
  ),
  'option-tls-key': words('key of the certificate, PEM', 'clave del certificado, PEM'),
  'option-tls-listen': words(
    'a second address for HTTPS; without it --listen speaks HTTPS',
    'una segunda dirección para HTTPS; sin ella, --listen habla HTTPS',
  ),
  'argument-enrol-token': words('the id of a token', 'el identificador de un código'),
  'argument-enrolled-device': words(
    'a serial number, the id of a device, or of its key',
    'un número de serie, el identificador de un equipo o de su clave',
  ),
  'result-enrol-token': words('{token}', '{token}'),
  'result-enrol-token-hint': words(
    'For {uses} devices until {expires}. On each: satchel device enrol --token {token}',
    'Para {uses} equipos hasta {expires}. En cada uno: satchel device enrol --token {token}',
  ),
  'result-enrol-token-line': words(
    '{id}  {state}  {used} of {uses}  until {expires}  {note}',
    '{id}  {state}  {used} de {uses}  hasta {expires}  {note}',
  ),
  'result-enrol-token-revoked': words('The token {id} is worthless now.', 'El código {id} ya no vale.'),
  'result-enrol-key': words(
    '{name}  key {key}  enrolled {enrolled}  last asked {seen}{state}',
    '{name}  clave {key}  inscrito {enrolled}  preguntó {seen}{state}',
  ),
  'result-enrol-key-revoked': words('  (ended)', '  (anulada)'),
  'result-enrol-keys-none': words('No device has enrolled.', 'No hay equipos inscritos.'),
  'result-unenrolled': words(
    'The key {key} of {name} is worthless now.',
    'La clave {key} de {name} ya no vale.',
  ),
  'result-device-enrolled': words(
    'Enrolled at {source} with the key {key}.',
    'Inscrito en {source} con la clave {key}.',
  ),
  'result-advice-take': words('It is to run {build} ({because}).', 'Debe usar {build} ({because}).'),
  'result-advice-stay': words(
    'It stays on what it runs ({because}).',
    'Se queda con lo que usa ({because}).',
  ),
  'result-advice-lease': words('A lease is there for it.', 'Hay un permiso para él.'),
  'result-advice-stolen': words('It is marked as stolen.', 'Está marcado como robado.'),
  'result-serve-tls': words('HTTPS at {url}', 'HTTPS en {url}'),
} as const satisfies MessageSet;
