import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** Help and results of `satchel oats`. */
export const oatsCommandsMessages = {
  'help-group-oats': words(
    'answers to laptops that ask for lease and update',
    'respuestas a equipos que piden permiso y actualización',
  ),
  'help-oats-set': words('say how laptops are answered', 'indica cómo se responde a los equipos'),
  'help-oats-status': words('show how laptops are answered', 'muestra cómo se responde a los equipos'),
  'option-oats-key': words(
    'the key that signs answers: NAME.private, pkcs11:…, or command:PROGRAM',
    'la clave que firma las respuestas: NOMBRE.private, pkcs11:… o command:PROGRAMA',
  ),
  'option-oats-passphrase-file': words(
    'a file whose first line opens the key',
    'un archivo cuya primera línea abre la clave',
  ),
  'option-oats-through': words(
    'delegations to the key, for laptops that do not trust it by itself',
    'delegaciones a la clave, para equipos que no confían en ella por sí sola',
  ),
  'option-oats-updates': words(
    'advise updates from this updates.cfg, not from streams',
    'aconseja actualizaciones según este updates.cfg, no según los canales',
  ),
  'option-oats-hashcash': words(
    'bits of work that a question must bring',
    'bits de trabajo que debe traer una pregunta',
  ),
  'option-oats-stream': words(
    'the stream of laptops that name none',
    'el canal de los equipos que no nombran ninguno',
  ),
  'option-oats-update-path': words(
    'where old clients get a build: rsync://schoolserver/build-{name}',
    'de dónde obtienen una versión los clientes antiguos: rsync://schoolserver/build-{name}',
  ),
  'option-oats-field': words(
    'what a field of the answer is called: lease=NAME; several for aliases',
    'cómo se llama un campo de la respuesta: lease=NOMBRE; varios son alias',
  ),
  'result-oats-key': words('Answers are signed by {key}.', 'Las respuestas las firma {key}.'),
  'result-oats-key-id': words(
    'Answers are signed by {key} ({keyId}…).',
    'Las respuestas las firma {key} ({keyId}…).',
  ),
  'result-oats-direct': words('Laptops must trust this key.', 'Los equipos deben confiar en esta clave.'),
  'result-oats-through': words(
    'It signs through the delegations in {path}.',
    'Firma por medio de las delegaciones de {path}.',
  ),
  'result-oats-through-held': words(
    'It signs through the delegations that this site holds.',
    'Firma por medio de las delegaciones que tiene este sitio.',
  ),
  'result-oats-streams': words(
    'Updates are advised by the streams of the repository; "{stream}" for laptops that name none.',
    'Las actualizaciones se aconsejan según los canales del repositorio; «{stream}» para equipos que no nombran ninguno.',
  ),
  'result-oats-updates': words(
    'Updates are advised by {path}; laptops that name no stream count as "{stream}".',
    'Las actualizaciones se aconsejan según {path}; los equipos que no nombran canal cuentan como «{stream}».',
  ),
  'result-oats-entry': words('  {hash}…  {name}  {priority}', '  {hash}…  {name}  {priority}'),
  'result-oats-problem': words(
    'The file has a mistake; a server that runs goes on with the last good one:',
    'El archivo tiene un error; un servidor en marcha sigue con el último bueno:',
  ),
  'result-oats-path': words(
    'Old clients get builds from {template}.',
    'Los clientes antiguos obtienen versiones de {template}.',
  ),
  'result-oats-hashcash': words(
    'Each question must bring {bits} bits of work.',
    'Cada pregunta debe traer {bits} bits de trabajo.',
  ),
  'result-oats-names': words('Fields are called {names}.', 'Los campos se llaman {names}.'),
} as const satisfies MessageSet;
