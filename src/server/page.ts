import { type Language, type MessageCode, say } from '../base/catalogue.ts';
import { formatBytes } from '../base/units.ts';
import type { DropProblems } from '../rsync/drop-problems.ts';
import { type Html, type HtmlValue, html } from './html.ts';
import type { PageData } from './page-data.ts';
import { dropSection } from './page-drop.ts';
import { type RsyncSummary, rsyncSection } from './page-rsync.ts';
import { pageStyle } from './page-style.ts';
import type { AnsweredRequest } from './request-log.ts';

/** Renders the page that people see at `/`, complete and without scripts. `data` is undefined when unreadable. */
export function renderPage(options: {
  data: PageData | undefined;
  /** Shown when there is something to tell. */
  drop?: DropProblems | undefined;
  /** Absent when rsync clients are not to be served. */
  rsync?: RsyncSummary | undefined;
  requests: readonly AnsweredRequest[];
  language: Language;
}): string {
  const { data, drop, rsync, requests, language } = options;
  const word: Word = (code) => say(code, {}, language).text;
  const other = language === 'en' ? 'es' : 'en';
  const page = html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${word('page-title')}</title>
<link rel="icon" href="data:,">
<style>${{ html: pageStyle }}</style>
</head>
<body>
<header><h1>${word('page-title')}</h1><p>${word('page-introduction')}</p></header>
<main>
${data === undefined ? html`<p class="bad" role="alert">${word('page-failed')}</p>` : contents(data, word)}
${rsync === undefined ? html`` : rsyncSection(rsync, language)}
${drop === undefined ? html`` : dropSection(drop, language)}
${requestsSection(requests, word)}
</main>
<footer>
<a href="/?lang=${other}" lang="${other}" hreflang="${other}">${word('page-other-language')}</a>
<a href="/status.json">${word('page-as-json')}</a>
</footer>
</body>
</html>
`;
  return page.html;
}

type Word = (code: MessageCode) => string;

function contents(data: PageData, word: Word): Html {
  return html`${streamsSection(data, word)}${buildsSection(data, word)}${costsSection(data, word)}`;
}

function streamsSection(data: PageData, word: Word): Html {
  const heading = html`<h2>${word('page-streams')}</h2>`;
  if (data.streams.length === 0) return html`${heading}<p>${word('page-streams-none')}</p>`;
  const rows = data.streams.map(
    (stream) =>
      html`<tr><th scope="row"><span class="tag">${stream.name}</span></th>${cell(
        word('page-column-head'),
        stream.head ?? '–',
      )}</tr>`,
  );
  return html`${heading}${table([head(word('page-column-name')), head(word('page-column-head'))], rows)}`;
}

function buildsSection(data: PageData, word: Word): Html {
  const heading = html`<h2>${word('page-builds')}</h2>`;
  if (data.builds.length === 0) return html`${heading}<p>${word('page-builds-none')}</p>`;
  const rows = data.builds.map(
    (build) =>
      html`<tr><th scope="row">${build.name}</th>${[
        cell(word('page-column-published'), moment(build.published)),
        number(word('page-column-files'), grouped(build.files)),
        number(word('page-column-tree'), formatBytes(build.treeBytes)),
        number(word('page-column-stored'), formatBytes(build.storedBytes)),
        cell(
          word('page-column-streams'),
          build.streams.length === 0
            ? '–'
            : html`<span>${build.streams.map((name) => html`<span class="tag">${name}</span>`)}</span>`,
        ),
      ]}</tr>`,
  );
  const heads = [
    head(word('page-column-name')),
    head(word('page-column-published')),
    head(word('page-column-files'), 'n'),
    head(word('page-column-tree'), 'n'),
    head(word('page-column-stored'), 'n'),
    head(word('page-column-streams')),
  ];
  return html`${heading}${table(heads, rows)}`;
}

function costsSection(data: PageData, word: Word): Html {
  const heading = html`<h2>${word('page-costs')}</h2>`;
  const updates = updateCosts(data);
  if (updates.length === 0)
    return data.builds.length < 2 ? html`${heading}<p>${word('page-costs-none')}</p>` : html``;
  const rows = updates.map(
    ({ from, to, objects, delta }) =>
      html`<tr>${[
        cell(word('page-column-from'), from),
        cell(word('page-column-to'), to),
        number(word('page-column-bytes'), objects === undefined ? '–' : formatBytes(objects)),
        number(word('page-column-delta'), delta === undefined ? '–' : formatBytes(delta)),
      ]}</tr>`,
  );
  const heads = [
    head(word('page-column-from')),
    head(word('page-column-to')),
    head(word('page-column-bytes'), 'n'),
    head(word('page-column-delta'), 'n'),
  ];
  return html`${heading}<p>${word('page-costs-explained')}</p>${table(heads, rows)}`;
}

type UpdateCost = { from: string; to: string; objects?: number; delta?: number };

/** What an update costs by objects and by delta, each pair of builds once. */
function updateCosts(data: PageData): UpdateCost[] {
  const updates = data.costs.map(({ from, to, bytes }): UpdateCost => ({ from, to, objects: bytes }));
  for (const { from, to, bytes } of data.deltas) {
    const update = updates.find((cost) => cost.from === from && cost.to === to);
    if (update === undefined) updates.push({ from, to, delta: bytes });
    else update.delta = bytes;
  }
  return updates;
}

function requestsSection(requests: readonly AnsweredRequest[], word: Word): Html {
  const heading = html`<h2>${word('page-requests')}</h2>`;
  if (requests.length === 0) return html`${heading}<p>${word('page-requests-none')}</p>`;
  const rows = requests.map(
    (request) =>
      html`<tr>${[
        cell(word('page-column-time'), moment(request.time, 'time')),
        cell(word('page-column-request'), requestWords(request), 'path'),
        number(word('page-column-status'), request.status),
        number(word('page-column-sent'), formatBytes(request.bytes)),
        number(word('page-column-duration'), `${request.ms} ms`),
      ]}</tr>`,
  );
  const heads = [
    head(word('page-column-time')),
    head(word('page-column-request')),
    head(word('page-column-status'), 'n'),
    head(word('page-column-sent'), 'n'),
    head(word('page-column-duration'), 'n'),
  ];
  return html`${heading}${table(heads, rows)}`;
}

function requestWords(request: AnsweredRequest): Html {
  const range = request.range === undefined ? html`` : html` <span class="soft">${request.range}</span>`;
  const path = request.path.replace(/[0-9a-f]{64}/g, (hash) => `${hash.slice(0, 12)}…`);
  return html`<span title="${request.path}">${request.method} ${path}${range}</span>`;
}

function table(heads: readonly Html[], rows: readonly Html[]): Html {
  return html`<table><thead><tr>${heads}</tr></thead><tbody>
${rows}
</tbody></table>`;
}

function head(text: string, style = ''): Html {
  return html`<th scope="col" class="${style}">${text}</th>`;
}

function cell(label: string, value: HtmlValue, style = ''): Html {
  return html`<td class="${style}" data-label="${label}">${value}</td>`;
}

function number(label: string, value: string | number): Html {
  return cell(label, value, 'n');
}

/** Thousands apart by a narrow space that does not break, which both languages read. */
function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** A moment in UTC to the minute, or only its time to the second; whatever is no date is shown as it is. */
function moment(iso: string, precision: 'minute' | 'time' = 'minute'): Html {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return html`${iso}`;
  const full = date.toISOString();
  const text = precision === 'time' ? full.slice(11, 19) : `${full.slice(0, 10)} ${full.slice(11, 16)} UTC`;
  return html`<time datetime="${full}">${text}</time>`;
}
