import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** What the commands about leases say in the help and as results. */
export const leaseCommandsMessages = {
  'help-group-lease': words('permissions of laptops to run', 'permisos de equipos para funcionar'),
  'help-lease-key': words('make a key that signs leases', 'crea una clave que firma permisos'),
  'help-lease-make': words('make leases or developer keys', 'crea permisos o claves de desarrollo'),
  'help-lease-delegate': words(
    'let a school sign for its laptops',
    'permite a una escuela firmar para sus equipos',
  ),
  'help-lease-verify': words('check a file of leases', 'comprueba un archivo de permisos'),
  'help-lease-find': words('show the leases of one laptop', 'muestra los permisos de un equipo'),
  'argument-laptop': words('laptops, as serial number and UUID', 'equipos, como número de serie y UUID'),
  'argument-lease-key-name': words(
    'where the key goes: NAME.public and NAME.private',
    'dónde va la clave: NOMBRE.public y NOMBRE.private',
  ),
  'argument-lease-file': words('a file of leases', 'un archivo de permisos'),
  'argument-serial': words('the serial number of a laptop', 'el número de serie de un equipo'),
  'option-laptops': words(
    'a list of laptops, SERIAL,UUID a line',
    'una lista de equipos, SERIE,UUID por línea',
  ),
  'option-lease-key': words('the private key that signs', 'la clave privada que firma'),
  'option-passphrase-file': words(
    'the passphrase of the key, in the first line of a file',
    'la contraseña de la clave, en la primera línea de un archivo',
  ),
  'option-lease-trust': words(
    'a public key that the laptops have; may be repeated',
    'una clave pública que tienen los equipos; se puede repetir',
  ),
  'option-lease-until': words(
    'when it ends, UTC: a date, a time, or never',
    'cuándo termina, UTC: fecha, hora o never',
  ),
  'option-lease-output': words('the file to write', 'el archivo que se escribe'),
  'option-lease-through': words(
    'sign through these delegations of the key',
    'firma mediante estas delegaciones de la clave',
  ),
  'option-lease-bound': words(
    'bind the signature to its laptop (sig02)',
    'liga la firma a su equipo (sig02)',
  ),
  'option-lease-developer': words('make developer keys instead', 'crea claves de desarrollo'),
  'option-lease-disposition': words(
    'the mark in the record; K, for developer keys A',
    'la marca del registro; K, en claves de desarrollo A',
  ),
  'option-lease-bare': words(
    'write one record a line instead of a collection',
    'escribe un registro por línea en vez de una colección',
  ),
  'option-lease-to': words('the public key that may sign', 'la clave pública que podrá firmar'),
  'option-lease-file': words('the file to check', 'el archivo que se comprueba'),
  'result-lease-key': words(
    'Made the key {keyId}: {publicFile} for the laptops, {privateFile} to keep.',
    'Se creó la clave {keyId}: {publicFile} para los equipos, {privateFile} para guardar.',
  ),
  'result-lease-made': words(
    '{path}: {count} laptops, until {expiry}',
    '{path}: {count} equipos, hasta {expiry}',
  ),
  'result-lease-delegated': words(
    '{path}: may sign for {count} laptops, until {expiry}',
    '{path}: puede firmar para {count} equipos, hasta {expiry}',
  ),
  'result-lease-verified': words(
    '{good} good until {until}; {missing} missing, {bad} bad, {unknown} not on the list',
    '{good} buenos hasta {until}; {missing} faltan, {bad} malos, {unknown} fuera de la lista',
  ),
  'result-lease-never': words('ever', 'siempre'),
} as const satisfies MessageSet;
