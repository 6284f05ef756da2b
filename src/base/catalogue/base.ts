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
  'record-invalid': {
    exit: 1,
    en: {
      text: 'The record {what} is not valid: "{field}" is missing or has a wrong value.',
      hint: 'It was damaged or not made by Satchel. Run "satchel fsck" on the repository, or fetch it again.',
    },
    es: {
      text: 'El registro {what} no es válido: «{field}» falta o tiene un valor incorrecto.',
      hint: 'Está dañado o no lo hizo Satchel. Ejecute «satchel fsck» en el repositorio, o descárguelo otra vez.',
    },
  },
  'record-no-object': {
    exit: 1,
    en: {
      text: 'The body is no JSON object, which "{what}" has to be.',
      hint: 'Send one object, {"satchel":"{what}","format":1,…}: docs/api.md says what is in it.',
    },
    es: {
      text: 'El cuerpo no es un objeto JSON, como debe ser «{what}».',
      hint: 'Envíe un solo objeto, {"satchel":"{what}","format":1,…}: docs/api.md dice qué contiene.',
    },
  },
  'record-newer': {
    exit: 1,
    en: {
      text: '{what} has format {format}; this Satchel reads up to format {newest}.',
      hint: 'Update Satchel on this machine first.',
    },
    es: {
      text: '{what} tiene el formato {format}; este Satchel lee hasta el formato {newest}.',
      hint: 'Actualice primero Satchel en esta máquina.',
    },
  },
} as const satisfies MessageSet;
