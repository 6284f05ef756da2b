import { type Html, type HtmlValue, html } from './html.ts';

/** A table with its heads and rows. */
export function table(heads: readonly Html[], rows: readonly Html[]): Html {
  return html`<table><thead><tr>${heads}</tr></thead><tbody>
${rows}
</tbody></table>`;
}

/** The head of a column; `n` is the style of numbers. */
export function head(text: string, style = ''): Html {
  return html`<th scope="col" class="${style}">${text}</th>`;
}

/** A cell, with the name of its column for small screens, where rows become cards. */
export function cell(label: string, value: HtmlValue, style = ''): Html {
  return html`<td class="${style}" data-label="${label}">${value}</td>`;
}

/** A cell with a number. */
export function number(label: string, value: string | number): Html {
  return cell(label, value, 'n');
}

/** Thousands apart by a narrow space that does not break, which both languages read. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** A moment in UTC to the minute, or only its time to the second; whatever is no date is shown as it is. */
export function moment(iso: string, precision: 'minute' | 'time' = 'minute'): Html {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return html`${iso}`;
  const full = date.toISOString();
  const text = precision === 'time' ? full.slice(11, 19) : `${full.slice(0, 10)} ${full.slice(11, 16)} UTC`;
  return html`<time datetime="${full}">${text}</time>`;
}
