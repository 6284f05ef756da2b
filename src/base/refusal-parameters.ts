import { type MessageCode, type MessageParameters, messages } from './catalogue.ts';

/** What stands in the places of an English sentence, so that it can be said in another language. */
export function refusalParameters(message: string, code: MessageCode): MessageParameters {
  const names: string[] = [];
  const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern = messages[code].en.text
    .split(/\{(\w+)\}/)
    .map((part, place) => {
      if (place % 2 === 0) return literal(part);
      names.push(part);
      return '(.*)';
    })
    .join('');
  const found = new RegExp(`^${pattern}$`, 's').exec(message);
  return Object.fromEntries(names.map((name, place) => [name, found?.[place + 1] ?? '?']));
}
