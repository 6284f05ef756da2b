import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** What the commands about trials say of what they did, and their help. */
export const trialResultsMessages = {
  'help-boot-check': words(
    'check the health of what runs, and prove a build on trial',
    'comprueba la salud de lo que está en uso y da por buena una versión a prueba',
  ),
  'help-keep': words(
    'keep the build on trial now and let go of the one before',
    'conserva ya la versión a prueba y suelta la anterior',
  ),
  'option-check-seconds': words(
    'longest time of one check; 1min when absent',
    'tiempo máximo de una comprobación; 1min si falta',
  ),
  'option-check-reboot': words(
    'act on a failure during a trial: start anew, or go back after the last boot',
    'actuar si algo falla durante una prueba: reiniciar, o volver atrás tras el último arranque',
  ),
  'result-check-passed': words('{kind}.d/{name}: passed ({seconds})', '{kind}.d/{name}: bien ({seconds})'),
  'result-check-failed': words(
    '{kind}.d/{name}: failed, {code} ({seconds})',
    '{kind}.d/{name}: falló, {code} ({seconds})',
  ),
  'result-check-late': words(
    '{kind}.d/{name}: ended, it took longer than {seconds}',
    '{kind}.d/{name}: detenida, tardó más de {seconds}',
  ),
  'result-boot-well': words('{build} is in good health.', '{build} está bien.'),
  'result-boot-unwell': words('{build} is not in good health.', '{build} no está bien.'),
  'result-boot-kept': words(
    '{build} has proved itself and is kept; {previous} was let go of.',
    '{build} demostró que funciona y se conserva; se soltó {previous}.',
  ),
  'result-boot-soaking': words(
    '{build} has proved itself; it is kept in {left}, and until then "satchel rollback" goes back to {previous}.',
    '{build} demostró que funciona; se conserva en {left}, y hasta entonces «satchel rollback» vuelve a {previous}.',
  ),
  'result-boot-again': words(
    '{build} has not proved itself; {count} boots are left before the device goes back to {previous}.',
    '{build} no ha demostrado que funciona; quedan {count} arranques antes de que el equipo vuelva a {previous}.',
  ),
  'result-boot-back': words(
    '{build} has not proved itself in any of its boots; {previous} boots next.',
    '{build} no demostró que funciona en ninguno de sus arranques; la próxima vez arranca {previous}.',
  ),
  'result-boot-ill': words(
    '{build} is on trial and has not proved itself. Nothing was done about it.',
    '{build} está a prueba y no ha demostrado que funciona. No se hizo nada al respecto.',
  ),
  'result-keep': words('{build} is kept.', 'Se conserva {build}.'),
  'result-rollback-gave-up': words(
    '{build} is not taken again by any stream, unless you name it.',
    'Ningún canal vuelve a tomar {build}, a menos que usted la nombre.',
  ),
  'result-status-trial-waiting': words(
    '{build} is on trial: it has {tries} boots to prove itself; else the device goes back to {previous}.',
    '{build} está a prueba: tiene {tries} arranques para demostrar que funciona; si no, el equipo vuelve a {previous}.',
  ),
  'result-status-trial-booting': words(
    '{build} is on trial: boot {boots} of {tries}; if it does not prove itself the device goes back to {previous}.',
    '{build} está a prueba: arranque {boots} de {tries}; si no demuestra que funciona, el equipo vuelve a {previous}.',
  ),
  'result-status-trial-proven': words(
    '{build} has proved itself and is kept in {left}; until then "satchel rollback" goes back to {previous}.',
    '{build} demostró que funciona y se conserva en {left}; hasta entonces «satchel rollback» vuelve a {previous}.',
  ),
  'result-status-failed-boots': words(
    '{build} did not start properly here ({at}); no stream brings it back by itself.',
    '{build} no arrancó bien aquí ({at}); ningún canal la trae de nuevo por sí solo.',
  ),
  'result-status-failed-checks': words(
    'Required checks of {build} failed here ({at}); no stream brings it back by itself.',
    'Fallaron comprobaciones obligatorias de {build} aquí ({at}); ningún canal la trae de nuevo por sí solo.',
  ),
  'result-status-failed-user': words(
    'Somebody left {build} here ({at}); no stream brings it back by itself.',
    'Alguien dejó {build} aquí ({at}); ningún canal la trae de nuevo por sí solo.',
  ),
  'result-fleet-trial-boots': words('left {from}: it did not start', 'dejó {from}: no arrancaba'),
  'result-fleet-trial-checks': words('left {from}: checks failed', 'dejó {from}: fallaron comprobaciones'),
  'result-fleet-trial-user': words('left {from}: by its user', 'dejó {from}: por quien lo usa'),
  'result-fleet-wanted': words('done; wanted checks failed', 'hecha; fallaron comprobaciones deseables'),
} satisfies MessageSet;
