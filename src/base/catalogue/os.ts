import type { MessageSet } from '../message.ts';

/** Sentences of `src/os/`. */
export const osMessages = {
  'file-not-regular': {
    exit: 1,
    en: {
      text: '{path} is a pipe, a socket or a device, and no file.',
      hint: 'Somebody has put it there; remove it and run the same command again.',
    },
    es: {
      text: '{path} es una tubería, un socket o un dispositivo, y no un archivo.',
      hint: 'Alguien lo puso allí; quítelo y repita la misma orden.',
    },
  },
  'tree-has-mounts': {
    exit: 1,
    en: {
      text: 'Nothing was deleted in {path}, because {mount} is mounted there.',
      hint: 'Unmount it first, or restart the machine; then run the same command again.',
    },
    es: {
      text: 'No se borró nada en {path}, porque {mount} está montado allí.',
      hint: 'Desmóntelo primero, o reinicie el equipo; luego repita la misma orden.',
    },
  },
} as const satisfies MessageSet;
