import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** Sentences about versions on trial, their health and keeping them: `src/device/trial*.ts`, `health*.ts`, `keep.ts`. */
export const trialMessages = {
  'trial-not-proven': {
    exit: 4,
    en: {
      text: '{build} is on trial on this device and has not proved itself; nothing is changed until it has, or is left.',
      hint: 'Look at what fails with "satchel boot check", or go back with "satchel rollback".',
    },
    es: {
      text: '{build} está a prueba en este equipo y no ha demostrado que funciona; no se cambia nada hasta que lo haga o se abandone.',
      hint: 'Vea qué falla con «satchel boot check», o vuelva atrás con «satchel rollback».',
    },
  },
  'keep-nothing': {
    exit: 3,
    en: { text: 'Nothing is on trial on this device: what it boots is kept already.' },
    es: { text: 'Nada está a prueba en este equipo: lo que arranca ya se conserva.' },
  },
  'keep-not-running': {
    exit: 4,
    en: {
      text: '{build} is on trial but does not run; {running} does.',
      hint: 'Start the machine anew first: what has never run cannot be kept.',
    },
    es: {
      text: '{build} está a prueba pero no está en uso; está en uso {running}.',
      hint: 'Reinicie antes el equipo: lo que nunca ha funcionado no se puede conservar.',
    },
  },
  'trial-failed-boots': {
    en: {
      text: '{build} did not start properly in any of its boots; the device went back to {previous}.',
      hint: 'No stream brings it back by itself. "satchel update {build}" tries it once more.',
    },
    es: {
      text: '{build} no arrancó bien en ninguno de sus arranques; el equipo volvió a {previous}.',
      hint: 'Ningún canal la trae de nuevo por sí solo. «satchel update {build}» la prueba otra vez.',
    },
  },
  'trial-failed-checks': {
    en: {
      text: 'A required check of {build} failed in each of its boots; the device went back to {previous}.',
      hint: 'No stream brings it back by itself. "satchel update {build}" tries it once more.',
    },
    es: {
      text: 'Una comprobación obligatoria de {build} falló en cada uno de sus arranques; el equipo volvió a {previous}.',
      hint: 'Ningún canal la trae de nuevo por sí solo. «satchel update {build}» la prueba otra vez.',
    },
  },
  'trial-failed-user': {
    en: {
      text: 'Somebody at this device left {build} again for {previous}.',
      hint: 'No stream brings it back by itself. "satchel update {build}" takes it once more.',
    },
    es: {
      text: 'Alguien en este equipo dejó {build} y volvió a {previous}.',
      hint: 'Ningún canal la trae de nuevo por sí solo. «satchel update {build}» la toma otra vez.',
    },
  },
  'check-wanted-failed': {
    en: { text: 'A check that {build} is wanted to pass has failed; it is kept all the same.' },
    es: { text: 'Falló una comprobación deseable de {build}; se conserva de todos modos.' },
  },
  'trial-stays-boots': words(
    '{stream} leads to {build}, which did not start properly on this device; it stays on {current}. "satchel update {build}" tries it once more.',
    '{stream} lleva a {build}, que no arrancó bien en este equipo; sigue con {current}. «satchel update {build}» la prueba otra vez.',
  ),
  'trial-stays-checks': words(
    '{stream} leads to {build}, whose health checks failed on this device; it stays on {current}. "satchel update {build}" tries it once more.',
    '{stream} lleva a {build}, cuyas comprobaciones fallaron en este equipo; sigue con {current}. «satchel update {build}» la prueba otra vez.',
  ),
  'trial-stays-user': words(
    '{stream} leads to {build}, which somebody at this device left again; it stays on {current}. "satchel update {build}" takes it once more.',
    '{stream} lleva a {build}, que alguien en este equipo dejó; sigue con {current}. «satchel update {build}» la toma otra vez.',
  ),
  'agent-trial-failed': words(
    'The new version {build} did not work on this machine; it uses {previous} again.',
    'La nueva versión {build} no funcionó en este equipo; vuelve a usar {previous}.',
  ),
} satisfies MessageSet;
