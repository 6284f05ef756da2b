import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** What is said in the help and as a result about sealing. */
export const sealResultsMessages = {
  'option-seal': words(
    'read every file, and let the kernel guard those that are right',
    'lee cada archivo y deja que el núcleo guarde los que están bien',
  ),
  'option-seal-new': words(
    'seal each version that comes (on), or none (off)',
    'sellar cada versión que llegue (on), o ninguna (off)',
  ),
  'result-device-set-seal': words('Each version that comes is sealed.', 'Cada versión que llegue se sella.'),
  'result-verify-seals-new': words(
    'Each version that comes is sealed too from now on; "satchel device set --seal off" ends that.',
    'Desde ahora también se sella cada versión que llegue; «satchel device set --seal off» lo deja.',
  ),
  'result-verify-sealed': words(
    '{build}: {sealed} of {files} files are sealed, {added} of them now.',
    '{build}: {sealed} de {files} archivos están sellados, {added} de ellos ahora.',
  ),
} as const satisfies MessageSet;
