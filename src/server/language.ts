import type { Language } from '../base/catalogue.ts';

/** The wishes of a header such as `Accept` or `Accept-Language`: lower-case values with their weight, 0 to 1. */
export function weights(header: string | undefined): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const wish of (header ?? '').slice(0, 1000).split(',')) {
    const [value = '', ...parameters] = wish.split(';').map((part) => part.trim().toLowerCase());
    if (value === '') continue;
    const quality = parameters.find((parameter) => parameter.startsWith('q='));
    const weight = quality === undefined ? 1 : Number(quality.slice(2));
    found.set(value, weight >= 0 && weight <= 1 ? weight : 0);
  }
  return found;
}

/** The language of a reader: the one of ours that `Accept-Language` weighs most, English when it weighs none. */
export function languageOfReader(acceptLanguage: string | undefined): Language {
  let best: { language: Language; weight: number } = { language: 'en', weight: 0 };
  for (const [value, weight] of weights(acceptLanguage)) {
    const primary = value.split('-')[0];
    if ((primary === 'en' || primary === 'es') && weight > best.weight) best = { language: primary, weight };
  }
  return best.language;
}

/** True when the reader asks for JSON by name and weighs HTML less. */
export function prefersJson(accept: string | undefined): boolean {
  const wishes = weights(accept);
  return (wishes.get('application/json') ?? 0) > (wishes.get('text/html') ?? 0);
}
