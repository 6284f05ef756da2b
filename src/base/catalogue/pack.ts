import type { MessageSet } from '../message.ts';

/** Sentences of `src/pack/` and of `src/formats/zstd.ts`. */
export const packMessages = {
  'zstd-damaged': {
    exit: 1,
    en: {
      text: 'Data compressed with zstd is damaged.',
      hint: 'Fetch it again, or from another source.',
    },
    es: {
      text: 'Datos comprimidos con zstd están dañados.',
      hint: 'Obténgalos de nuevo, o de otra fuente.',
    },
  },
  'zstd-too-large': {
    exit: 1,
    en: {
      text: 'Compressed data wants {wanted} bytes of memory, more than the {limit} allowed.',
      hint: 'It is damaged or hostile: use another source and tell the keeper of this one.',
    },
    es: {
      text: 'Datos comprimidos piden {wanted} bytes de memoria, más que los {limit} permitidos.',
      hint: 'Están dañados o son hostiles: use otra fuente y avise al encargado de esta.',
    },
  },
  'map-damaged': {
    exit: 1,
    en: {
      text: 'The map of where objects lie is damaged in line {line}.',
      hint: 'Fetch it again from another source, or repair the repository with "satchel fsck".',
    },
    es: {
      text: 'El mapa de dónde están los objetos está dañado en la línea {line}.',
      hint: 'Obténgalo de otra fuente, o repare el repositorio con «satchel fsck».',
    },
  },
  'map-newer': {
    exit: 1,
    en: {
      text: 'The map was written in format {format}; this program reads up to format {supported}.',
      hint: 'Update satchel on this machine first.',
    },
    es: {
      text: 'El mapa está escrito en el formato {format}; este programa lee hasta el formato {supported}.',
      hint: 'Actualice primero satchel en esta máquina.',
    },
  },
  'frame-damaged': {
    exit: 1,
    en: {
      text: 'Pack {pack} is damaged at byte {offset}.',
      hint: 'Fetch it again, or from another source; "satchel fsck" finds and repairs such packs.',
    },
    es: {
      text: 'El paquete {pack} está dañado en el byte {offset}.',
      hint: 'Obténgalo de nuevo, o de otra fuente; «satchel fsck» encuentra y repara esos paquetes.',
    },
  },
  'object-damaged': {
    exit: 1,
    en: {
      text: 'Object {sha256} of pack {pack} does not have the content that its name promises.',
      hint: 'Fetch it again, or from another source; "satchel fsck" finds and repairs such packs.',
    },
    es: {
      text: 'El objeto {sha256} del paquete {pack} no tiene el contenido que su nombre promete.',
      hint: 'Obténgalo de nuevo, o de otra fuente; «satchel fsck» encuentra y repara esos paquetes.',
    },
  },
} as const satisfies MessageSet;
