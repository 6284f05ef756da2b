import type { MessageSet } from '../message.ts';

/** Sentences of the trees for rsync clients. */
export const rsyncTreesMessages = {
  'trees-in-use': {
    exit: 1,
    en: {
      text: 'Another process makes trees for rsync clients in {path} already.',
      hint: 'Stop the other "satchel serve", or give this one another directory with --rsync-dir.',
    },
    es: {
      text: 'Otro proceso ya prepara los árboles para clientes rsync en {path}.',
      hint: 'Detenga el otro «satchel serve», o dé a este otro directorio con --rsync-dir.',
    },
  },
  'tree-attributes-refused': {
    exit: 1,
    en: {
      text: 'The file system of {path} keeps no extended attributes of users, and trees for rsync clients need them.',
      hint: 'Give a directory on ext4, XFS or btrfs with --rsync-dir; some kernels cannot do it on tmpfs.',
    },
    es: {
      text: 'El sistema de archivos de {path} no guarda atributos extendidos de usuarios, y los árboles para clientes rsync los necesitan.',
      hint: 'Dé un directorio en ext4, XFS o btrfs con --rsync-dir; algunos núcleos no pueden en tmpfs.',
    },
  },
  'tree-not-as-written': {
    exit: 1,
    en: {
      text: 'The tree of {build} is not on the disk as it was written: {count} paths differ, the first is {path}. It is not served.',
      hint: 'The disk may be failing: look at the kernel log. The next client makes the tree anew.',
    },
    es: {
      text: 'El árbol de {build} no quedó en el disco como se escribió: {count} rutas difieren; la primera es {path}. No se sirve.',
      hint: 'El disco puede estar fallando: revise el registro del núcleo. El próximo cliente lo prepara de nuevo.',
    },
  },
  'tree-made': {
    en: {
      text: 'The tree of {build} is ready for rsync clients: {entries} paths, {written} written in {seconds} s.',
    },
    es: {
      text: 'El árbol de {build} está listo para clientes rsync: {entries} rutas, {written} escritos en {seconds} s.',
    },
  },
  'tree-making-failed': {
    en: { text: 'The tree of {build} could not be made: {reason}' },
    es: { text: 'No se pudo preparar el árbol de {build}: {reason}' },
  },
  'tree-evicted': {
    en: {
      text: 'The tree of {build} was deleted to keep the budget of {budget}; the next client makes it anew.',
    },
    es: {
      text: 'Se borró el árbol de {build} para respetar el límite de {budget}; el próximo cliente lo prepara de nuevo.',
    },
  },
  'tree-withdrawn': {
    en: { text: '{build} is no longer served to rsync clients.' },
    es: { text: '{build} ya no se sirve a clientes rsync.' },
  },
  'trees-over-budget': {
    en: {
      text: 'Trees for rsync clients take {bytes}, more than the budget of {budget}: the others are sticky or in use.',
      hint: 'Raise the budget with "satchel rsync set --budget", or remove names from the sticky folder.',
    },
    es: {
      text: 'Los árboles para clientes rsync ocupan {bytes}, más que el límite de {budget}: los demás están fijados o en uso.',
      hint: 'Aumente el límite con «satchel rsync set --budget», o quite nombres de la carpeta sticky.',
    },
  },
  'tree-trash-stays': {
    en: { text: 'Old trees in {path} could not be deleted: {reason} It is tried again later.' },
    es: { text: 'No se pudieron borrar árboles viejos en {path}: {reason} Se intentará más tarde.' },
  },
} as const satisfies MessageSet;
