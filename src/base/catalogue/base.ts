import type { MessageSet } from '../message.ts';

/** Sentences of `src/base/` and those that any part may need. */
export const baseMessages = {
  cancelled: {
    exit: 1,
    en: { text: 'Stopped on request.', hint: 'Run the same command again; it goes on where it stopped.' },
    es: { text: 'Detenido a pedido.', hint: 'Repita la misma orden; continuará donde quedó.' },
  },
  'name-not-allowed': {
    exit: 2,
    en: {
      text: 'The name "{name}" is not allowed.',
      hint: 'Use 1 to 64 letters, digits, ".", "_", "+" or "-", starting with a letter or digit.',
    },
    es: {
      text: 'El nombre «{name}» no está permitido.',
      hint: 'Use de 1 a 64 letras, dígitos, «.», «_», «+» o «-», empezando con letra o dígito.',
    },
  },
  'disk-full': {
    exit: 1,
    en: {
      text: 'The disk that holds {path} is full.',
      hint: 'Free some space and run the same command again; nothing half-written is used.',
    },
    es: {
      text: 'El disco que contiene {path} está lleno.',
      hint: 'Libere espacio y repita la orden; nada a medio escribir se usa.',
    },
  },
  'permission-denied': {
    exit: 1,
    en: {
      text: 'No permission for {path}.',
      hint: 'Run as the user that owns it, or as root.',
    },
    es: { text: 'Sin permiso para {path}.', hint: 'Ejecute como el usuario dueño, o como root.' },
  },
  'system-call-failed': {
    exit: 1,
    en: {
      text: 'The system refused "{call}" on {path}: {reason}.',
      hint: 'Look at the disk and its permissions.',
    },
    es: { text: 'El sistema rechazó «{call}» en {path}: {reason}.', hint: 'Revise el disco y sus permisos.' },
  },
} as const satisfies MessageSet;
