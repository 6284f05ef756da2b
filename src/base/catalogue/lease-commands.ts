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
  'option-lease-key': words(
    'the private key that signs: a file, pkcs11:… in a token, or command:PROGRAM',
    'la clave privada que firma: un archivo, pkcs11:… en un token, o command:PROGRAMA',
  ),
  'option-passphrase-file': words(
    'the passphrase of the key or the PIN of the token, in the first line of a file',
    'la contraseña de la clave o el PIN del token, en la primera línea de un archivo',
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
  'option-lease-verify-to': words(
    'the public key to which delegations in it must be',
    'la clave pública a la que deben ir sus delegaciones',
  ),
  'result-lease-key': words(
    'Made the key {keyId}: {publicFile} for the laptops, {privateFile} to keep.',
    'Se creó la clave {keyId}: {publicFile} para los equipos, {privateFile} para guardar.',
  ),
  'result-lease-made': words(
    '{path}: {count} laptops, until {expiry}',
    '{path}: {count} equipos, hasta {expiry}',
  ),
  'result-lease-made-stolen': words(
    'Left out, for they are marked as stolen: {serials}',
    'Quedan fuera, pues están marcados como robados: {serials}',
  ),
  'option-lease-marks': words(
    'leave out laptops that are marked as stolen in this repository',
    'deja fuera los equipos marcados como robados en este repositorio',
  ),
  'result-lease-delegated': words(
    '{path}: may sign for {count} laptops, until {expiry}',
    '{path}: puede firmar para {count} equipos, hasta {expiry}',
  ),
  'result-lease-verified': words(
    '{good} good until {until}; {missing} missing, {bad} bad, {unknown} not on the list',
    '{good} buenos hasta {until}; {missing} faltan, {bad} malos, {unknown} fuera de la lista',
  ),
  'help-lease-set': words('set how this place makes leases', 'ajusta cómo este lugar crea permisos'),
  'help-lease-take': words(
    'take leases, delegations and lists of laptops to hand out',
    'toma permisos, delegaciones y listas de equipos para entregar',
  ),
  'help-lease-renew': words(
    'make new leases for the laptops that are due',
    'crea permisos nuevos para los equipos a los que les toca',
  ),
  'help-lease-reset-clock': words(
    'make a record that sets the clock of a laptop',
    'crea un registro que pone en hora el reloj de un equipo',
  ),
  'option-clock-current': words(
    'what its clock says, as its screen shows it',
    'lo que dice su reloj, como lo muestra la pantalla',
  ),
  'option-clock-count': words(
    'how often it has kept its time, as its screen shows it',
    'cuántas veces guardó la hora, como lo muestra la pantalla',
  ),
  'option-clock-time': words('what its clock is to say; now', 'lo que debe decir su reloj; ahora'),
  'result-clock-reset': words(
    '{path}: sets the clock of {serial} to {time}; its name on a USB stick is security/rtcreset.sig',
    '{path}: pone el reloj de {serial} en {time}; en una memoria USB se llama security/rtcreset.sig',
  ),
  'option-delegate-days': words('how many days it lasts; 30', 'cuántos días dura; 30'),
  'option-delegate-schools': words(
    'a folder with a folder for each school, xo.csv in it',
    'una carpeta con una carpeta por escuela, con xo.csv',
  ),
  'option-delegate-csv': words(
    'one list for all schools, SCHOOL,SERIAL,UUID a line',
    'una lista de todas las escuelas, ESCUELA,SERIE,UUID por línea',
  ),
  'option-delegate-keys': words(
    'the folder with the keys of the schools, SCHOOL.public',
    'la carpeta con las claves de las escuelas, ESCUELA.public',
  ),
  'option-delegate-younger': words(
    'leave delegations of an unchanged list that are younger',
    'deja las delegaciones más nuevas de una lista sin cambios',
  ),
  'result-delegate-kept': words(
    'Left as they are, unchanged and young: {count}',
    'Quedan como están, sin cambios y nuevas: {count}',
  ),
  'result-delegate-failed': words(
    '{school}: nothing was made. {reason}',
    '{school}: no se creó nada. {reason}',
  ),
  'help-lease-stolen': words('mark laptops as stolen', 'marca equipos como robados'),
  'help-lease-recovered': words('mark laptops as recovered', 'marca equipos como recuperados'),
  'help-lease-marks': words(
    'show who marked which laptops, and why',
    'muestra quién marcó qué equipos y por qué',
  ),
  'argument-lease-files': words(
    'files of leases or delegations, or lists of SERIAL,UUID',
    'archivos de permisos o delegaciones, o listas de SERIE,UUID',
  ),
  'argument-serials': words('serial numbers of laptops', 'números de serie de equipos'),
  'option-lease-all': words(
    'also write all leases that are good now into one file',
    'también escribe en un archivo todos los permisos vigentes',
  ),
  'option-lease-office-key': words(
    'the private key that signs, or none: hand out only what was brought',
    'la clave privada que firma, o none: entrega solo lo que se trajo',
  ),
  'option-lease-unbound': words('do not bind signatures any more', 'ya no liga las firmas'),
  'option-lease-days': words(
    'how many days of 24 hours a lease lasts at least; 21',
    'cuántos días de 24 horas dura un permiso al menos; 21',
  ),
  'option-lease-end': words(
    'the local time at which leases end; 06:00',
    'la hora local en que terminan los permisos; 06:00',
  ),
  'option-lease-zone': words(
    'the time zone, such as America/Asuncion',
    'la zona horaria, como America/Asuncion',
  ),
  'option-lease-weekend': words(
    'days on which no lease ends; sat,sun',
    'días en los que no termina ningún permiso; sat,sun',
  ),
  'option-lease-holidays': words(
    'a list of days on which no lease ends, FROM/TO a line',
    'una lista de días en los que no termina ningún permiso, DESDE/HASTA por línea',
  ),
  'option-lease-grace': words(
    'school days that pass after holidays before a lease ends',
    'días de clase que pasan tras un feriado antes de que termine un permiso',
  ),
  'option-mark-by': words('the person who says so', 'la persona que lo dice'),
  'option-mark-reason': words('why', 'por qué'),
  'result-lease-taken': words(
    'Taken: {leases} leases, {delegations} delegations, {laptops} laptops.',
    'Tomados: {leases} permisos, {delegations} delegaciones, {laptops} equipos.',
  ),
  'result-lease-taken-others': words(
    'Left out: {count} records that nobody hands out, such as developer keys.',
    'Omitidos: {count} registros que nadie entrega, como claves de desarrollo.',
  ),
  'result-lease-taken-wrong': words(
    'Left out: {count} leases that their laptops would refuse.',
    'Omitidos: {count} permisos que sus equipos rechazarían.',
  ),
  'result-lease-renewed': words(
    '{laptops} laptops: {made} new leases, {stolen} stolen, {refused} without anybody who may sign for them.',
    '{laptops} equipos: {made} permisos nuevos, {stolen} robados, {refused} sin nadie que pueda firmar.',
  ),
  'result-lease-all': words('All leases that are good now: {path}', 'Todos los permisos vigentes: {path}'),
  'result-marked-stolen': words(
    'Marked as stolen: {serials}. They get no lease from now on; sites and sticks learn it with the next news.',
    'Marcados como robados: {serials}. Desde ahora no reciben permisos; sitios y memorias USB lo saben con las próximas novedades.',
  ),
  'result-marked-recovered': words(
    'Marked as recovered: {serials}. They get leases again.',
    'Marcados como recuperados: {serials}. Reciben permisos otra vez.',
  ),
  'result-stolen-already': words('Marked as stolen before: {serials}', 'Ya marcados como robados: {serials}'),
  'result-not-stolen': words('Not marked as stolen: {serials}', 'No marcados como robados: {serials}'),
  'result-marks-none': words('No laptop was ever marked.', 'Nunca se marcó ningún equipo.'),
  'result-mark-stolen': words(
    '{at}  {serial}  stolen, says {by}: {reason}',
    '{at}  {serial}  robado, dice {by}: {reason}',
  ),
  'result-mark-recovered': words(
    '{at}  {serial}  recovered, says {by}: {reason}',
    '{at}  {serial}  recuperado, dice {by}: {reason}',
  ),
  'result-lease-set': words('Leases are signed by {key}.', 'Los permisos los firma {key}.'),
  'result-lease-set-delegated': words(
    'Leases are signed by {key}, through the delegation of each laptop.',
    'Los permisos los firma {key}, mediante la delegación de cada equipo.',
  ),
  'result-lease-set-unchecked': words(
    'Name the keys that laptops trust with --trust: without them a delegation to another key is taken for one to this key.',
    'Indique con --trust las claves en que confían los equipos: sin ellas, una delegación a otra clave se toma por una a esta.',
  ),
  'result-lease-set-none': words(
    'No key: what was brought is handed out.',
    'Sin clave: se entrega lo que se trajo.',
  ),
  'result-lease-ends': words(
    'A lease that is made now ends at {ends} ({zone}).',
    'Un permiso creado ahora termina en {ends} ({zone}).',
  ),
  'option-activation': words(
    'also answer laptops that ask for leases, at port 191: [::]:191',
    'también responde a los equipos que piden permisos, en el puerto 191: [::]:191',
  ),
  'result-serve-activation': words(
    'Laptops get their leases at {address}.',
    'Los equipos reciben sus permisos en {address}.',
  ),
  'result-lease-never': words('ever', 'siempre'),
} as const satisfies MessageSet;
