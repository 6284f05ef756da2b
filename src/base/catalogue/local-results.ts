import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** What the commands about local changes say, and their help. */
export const localResultsMessages = {
  'help-local-diff': words(
    'show what was changed on this device since its version was installed',
    'muestra lo que se cambió en este equipo desde que se instaló su versión',
  ),
  'help-local-carry': words(
    'carry what was changed on this device over to the version that boots next',
    'traslada lo cambiado en este equipo a la versión que arrancará',
  ),
  'option-full-local': words(
    'read every file, also those that look unchanged',
    'lee todos los archivos, también los que parecen iguales',
  ),
  'option-dry-run-carry': words(
    'only show what would become of each change',
    'solo muestra qué pasaría con cada cambio',
  ),
  'argument-build-carry': words(
    'the version to carry over to; the one that boots next, if none is named',
    'la versión de destino; si no se indica, la que arrancará',
  ),
  'result-local-none': words(
    'Nothing was changed in {build} on this device.',
    'No se cambió nada en {build} en este equipo.',
  ),
  'result-local': words(
    '{build}: {added} added, {changed} changed, {metadata} with other owner, mode or attributes, {deleted} deleted.',
    '{build}: {added} agregados, {changed} cambiados, {metadata} con otro dueño, modo o atributos, {deleted} eliminados.',
  ),
  'result-carry-none': words(
    'There is nothing to carry over: no other version waits to be booted, or somebody has worked in it already.',
    'No hay nada que trasladar: no hay otra versión por arrancar, o ya se trabajó en ella.',
  ),
  'result-carry': words(
    '{from} → {to}: {kept} kept, {merged} merged, {removed} deleted, {persist} left to the initramfs, {dropped} left behind, {conflict} changed by both.',
    '{from} → {to}: {kept} conservados, {merged} combinados, {removed} eliminados, {persist} a cargo del initramfs, {dropped} dejados atrás, {conflict} cambiados por ambos.',
  ),
} as const satisfies MessageSet;
