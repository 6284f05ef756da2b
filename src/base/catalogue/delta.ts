import type { MessageSet } from '../message.ts';

/** Sentences of `src/delta/`. */
export const deltaMessages = {
  'delta-damaged': {
    exit: 1,
    en: {
      text: 'A delta is damaged: {reason}.',
      hint: 'Nothing of it was used. Run the command again; if it happens again, use another source.',
    },
    es: {
      text: 'Un delta está dañado: {reason}.',
      hint: 'No se usó nada de él. Repita la orden; si vuelve a ocurrir, use otra fuente.',
    },
  },
  'delta-newer': {
    exit: 1,
    en: {
      text: 'A delta was written in format {format}; this program reads up to format {newest}.',
      hint: 'Update satchel on this machine first.',
    },
    es: {
      text: 'Un delta está escrito en el formato {format}; este programa lee hasta el formato {newest}.',
      hint: 'Actualice primero satchel en esta máquina.',
    },
  },
} as const satisfies MessageSet;
