import type { MessageParameters } from './catalogue.ts';

/** Parameters of a sentence for people, with hashes cut to what they can compare. */
export function shortHashes(parameters: MessageParameters): MessageParameters {
  const entries = Object.entries(parameters).map(([name, value]) => [
    name,
    typeof value === 'string' ? value.replace(/[0-9a-f]{64}/g, (hash) => `${hash.slice(0, 12)}…`) : value,
  ]);
  return Object.fromEntries(entries);
}
