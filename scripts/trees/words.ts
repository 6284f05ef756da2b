import type { Message } from '../../src/base/message.ts';

/** Why the trees are smaller than they should be. */
export const treeWords = {
  'not-root': {
    en: {
      text: 'Making real Debian trees needs root, so two smaller trees are made from packages installed on this machine.',
    },
    es: {
      text: 'Crear árboles reales de Debian requiere root, así que se crean dos árboles menores con paquetes instalados en esta máquina.',
    },
  },
  'no-mirror': {
    en: {
      text: 'No Debian mirror answers (this machine’s package sources were asked), so two smaller trees are made from packages installed on this machine.',
    },
    es: {
      text: 'Ningún espejo de Debian responde (se consultaron las fuentes de paquetes de esta máquina), así que se crean dos árboles menores con paquetes instalados en ella.',
    },
  },
  'making-failed': {
    en: {
      text: 'The Debian trees could not be made ({reason}), so two smaller trees are made from packages installed on this machine.',
    },
    es: {
      text: 'No se pudieron crear los árboles de Debian ({reason}), así que se crean dos árboles menores con paquetes instalados en esta máquina.',
    },
  },
} satisfies Record<string, Message>;
