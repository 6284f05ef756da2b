import { languageFromEnvironment } from '../../src/base/catalogue.ts';
import type { Message } from '../../src/base/message.ts';

const words = {
  'trees-title': {
    en: { text: 'Two real systems to publish' },
    es: { text: 'Dos sistemas reales para publicar' },
  },
  'trees-making': {
    en: { text: 'Making them takes about a minute, the first time only.' },
    es: { text: 'Crearlos lleva cerca de un minuto, solo la primera vez.' },
  },
  'tree-first': {
    en: { text: 'Debian alone:         {path} ({size})' },
    es: { text: 'Debian solo:             {path} ({size})' },
  },
  'tree-second': {
    en: { text: 'with all its updates: {path} ({size})' },
    es: { text: 'con sus actualizaciones: {path} ({size})' },
  },
  'installed-first': { en: { text: 'first:  {path} ({size})' }, es: { text: 'primero: {path} ({size})' } },
  'installed-second': { en: { text: 'second: {path} ({size})' }, es: { text: 'segundo: {path} ({size})' } },
  'init-title': { en: { text: 'A repository, with keys' }, es: { text: 'Un repositorio, con claves' } },
  'serve-title': { en: { text: 'The server' }, es: { text: 'El servidor' } },
  'serve-started': { en: { text: 'It listens on {address}' }, es: { text: 'Escucha en {address}' } },
  'serve-ended': {
    en: { text: 'The server is not running; what it said is in {log}.' },
    es: { text: 'El servidor no está en marcha; lo que dijo está en {log}.' },
  },
  'no-port': {
    en: { text: 'No free port from {first} to {last}.' },
    es: { text: 'Ningún puerto libre entre {first} y {last}.' },
  },
  'publish-first-title': {
    en: { text: 'Publish the first build' },
    es: { text: 'Publicar la primera versión' },
  },
  'device-title': {
    en: { text: 'A directory becomes a device' },
    es: { text: 'Un directorio se vuelve un equipo' },
  },
  'install-title': {
    en: { text: 'The device installs the first build over HTTP' },
    es: { text: 'El equipo instala la primera versión por HTTP' },
  },
  'publish-second-title': {
    en: { text: 'Publish the second build' },
    es: { text: 'Publicar la segunda versión' },
  },
  'delta-title': {
    en: { text: 'The delta from the first to the second, made once for all devices' },
    es: { text: 'El delta de la primera a la segunda, hecho una vez para todos los equipos' },
  },
  'plan-title': {
    en: { text: 'What the update would cost' },
    es: { text: 'Lo que costaría la actualización' },
  },
  'update-title': {
    en: { text: 'The device updates itself, verifies and switches' },
    es: { text: 'El equipo se actualiza, verifica y cambia de versión' },
  },
  'again-title': { en: { text: 'Nothing left to do' }, es: { text: 'Nada más que hacer' } },
  'verify-title': {
    en: { text: 'Read every file again and compare' },
    es: { text: 'Leer otra vez cada archivo y comparar' },
  },
  'rollback-title': {
    en: { text: 'Go back to the first build' },
    es: { text: 'Volver a la primera versión' },
  },
  'verify-old-title': {
    en: { text: 'The first build is as it was' },
    es: { text: 'La primera versión está como estaba' },
  },
  'status-title': { en: { text: 'What the device has now' }, es: { text: 'Lo que el equipo tiene ahora' } },
  'costs-title': { en: { text: 'What each step cost' }, es: { text: 'Lo que costó cada paso' } },
  'column-step': { en: { text: 'step' }, es: { text: 'paso' } },
  'column-time': { en: { text: 'time' }, es: { text: 'tiempo' } },
  'column-received': { en: { text: 'over the network' }, es: { text: 'por la red' } },
  'column-requests': { en: { text: 'requests' }, es: { text: 'pedidos' } },
  'column-disk': { en: { text: 'more on disk' }, es: { text: 'más en disco' } },
  'row-publish-first': {
    en: { text: 'publish the first build' },
    es: { text: 'publicar la primera versión' },
  },
  'row-publish-second': {
    en: { text: 'publish the second build' },
    es: { text: 'publicar la segunda versión' },
  },
  'row-delta': { en: { text: 'make the delta' }, es: { text: 'hacer el delta' } },
  'row-install': { en: { text: 'first install' }, es: { text: 'primera instalación' } },
  'row-update': { en: { text: 'update' }, es: { text: 'actualización' } },
  'row-again': { en: { text: 'nothing to do' }, es: { text: 'nada que hacer' } },
  'row-verify': { en: { text: 'verify every file' }, es: { text: 'verificar cada archivo' } },
  'row-rollback': { en: { text: 'roll back' }, es: { text: 'volver atrás' } },
  'step-failed': {
    en: { text: 'This step failed with code {code}: {command}' },
    es: { text: 'Este paso falló con código {code}: {command}' },
  },
  finished: {
    en: { text: 'That was the whole story; the server has been stopped (no --once: it stays).' },
    es: { text: 'Esa fue toda la historia; el servidor se detuvo (sin --once, se queda).' },
  },
  running: {
    en: { text: 'The server is running: open {address} in a browser. Ctrl-C ends it.' },
    es: { text: 'El servidor está en marcha: abra {address} en un navegador. Ctrl-C lo termina.' },
  },
  'try-it': {
    en: { text: 'Try it yourself, in another terminal:' },
    es: { text: 'Pruébelo usted mismo, en otra terminal:' },
  },
  stopped: { en: { text: 'Stopped.' }, es: { text: 'Detenido.' } },
} satisfies Record<string, Message>;

/** The code of a sentence of the demonstration. */
export type Words = keyof typeof words;

/** The sentence in the language of the person at the terminal, its places filled in. */
export function say(code: Words, parameters: Readonly<Record<string, string | number>> = {}): string {
  const wording: { readonly text: string } = words[code][languageFromEnvironment()];
  return wording.text.replace(/\{(\w+)\}/g, (place, name: string) => String(parameters[name] ?? place));
}
