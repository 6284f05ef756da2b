import type { MessageSet } from '../message.ts';

/** Sentences of the part of `src/site/` that fetches files once for everybody. */
export const sitePullMessages = {
  'site-upstream-sends-wrong-bytes': {
    exit: 1,
    en: {
      text: '{source} sends wrong bytes for {file}, again and again; nothing of it was kept.',
      hint: 'Ask the people who run it to run "satchel fsck", or give the site another upstream with "satchel site set --upstream URL".',
    },
    es: {
      text: '{source} envía bytes incorrectos de {file} una y otra vez; no se guardó nada.',
      hint: 'Pida a quienes lo administran que ejecuten «satchel fsck», o dé al sitio otro origen con «satchel site set --upstream URL».',
    },
  },
  'site-bytes-proved-wrong': {
    exit: 1,
    en: {
      text: 'What was handed on of {file} proved wrong; it is fetched again.',
      hint: 'Ask for it again.',
    },
    es: {
      text: 'Lo que se entregó de {file} resultó incorrecto; se descarga de nuevo.',
      hint: 'Pídalo otra vez.',
    },
  },
  'site-disk-full': {
    exit: 4,
    en: {
      text: 'The disk of the site has no room for {file}.',
      hint: 'Free some space, lower the budget with "satchel site set --budget SIZE", or remove pins with "satchel pin --remove BUILD"; then ask again. What was received is kept.',
    },
    es: {
      text: 'El disco del sitio no tiene lugar para {file}.',
      hint: 'Libere espacio, baje el presupuesto con «satchel site set --budget TAMAÑO», o quite versiones fijadas con «satchel pin --remove VERSIÓN»; luego pida de nuevo. Lo recibido se conserva.',
    },
  },
  'site-stored-file-damaged': {
    exit: 1,
    en: {
      text: '{file} was damaged on the disk of the site; it is fetched again.',
      hint: 'If this happens again, look at the kernel log: the disk may be failing.',
    },
    es: {
      text: '{file} estaba dañado en el disco del sitio; se descarga de nuevo.',
      hint: 'Si vuelve a pasar, revise el registro del núcleo: el disco puede estar fallando.',
    },
  },
  'site-pull-closed': {
    exit: 1,
    en: { text: 'The site is being stopped.', hint: 'Ask again when it runs.' },
    es: { text: 'El sitio se está deteniendo.', hint: 'Pida de nuevo cuando funcione.' },
  },
} as const satisfies MessageSet;
