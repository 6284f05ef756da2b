/** A piece of HTML that is safe to put into a page. */
export type Html = { readonly html: string };

/** What may stand in a template: text and numbers are escaped, HTML and lists of it are taken as they are. */
export type HtmlValue = string | number | Html | readonly Html[];

/** Template tag: `` html`<p>${text}</p>` `` escapes whatever is not HTML already. */
export function html(parts: TemplateStringsArray, ...values: HtmlValue[]): Html {
  return {
    html: parts.map((part, place) => (place === 0 ? part : rendered(values[place - 1]) + part)).join(''),
  };
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function rendered(value: HtmlValue | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return value.replace(/[&<>"']/g, (character) => entities[character] ?? '');
  if (typeof value === 'number') return String(value);
  return 'html' in value ? value.html : value.map((piece) => piece.html).join('');
}
