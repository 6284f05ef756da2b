import { type Language, type MessageCode, say } from '../base/catalogue.ts';
import { formatBytes } from '../base/units.ts';
import type { DropProblems } from '../rsync/drop-problems.ts';
import { type Html, html } from './html.ts';
import type { PageData } from './page-data.ts';
import { devicesSection, type FleetView, sitesSection } from './page-devices.ts';
import { dropSection } from './page-drop.ts';
import { pageFrame } from './page-frame.ts';
import { type RsyncSummary, rsyncSection } from './page-rsync.ts';
import { cell, grouped, head, moment, number, table } from './page-table.ts';
import type { AnsweredRequest } from './request-log.ts';

/** Renders the page that people see at `/`, complete and without scripts. `data` is undefined when unreadable. */
export function renderPage(options: {
  data: PageData | undefined;
  /** Shown when there is something to tell. */
  drop?: DropProblems | undefined;
  /** Absent when rsync clients are not to be served. */
  rsync?: RsyncSummary | undefined;
  /** Absent when nothing is known of devices. */
  fleet?: FleetView | undefined;
  requests: readonly AnsweredRequest[];
  language: Language;
}): string {
  const { data, drop, rsync, fleet, requests, language } = options;
  const word: Word = (code) => say(code, {}, language).text;
  const body = html`${data === undefined ? html`<p class="bad" role="alert">${word('page-failed')}</p>` : contents(data, word)}
${fleet === undefined ? html`` : html`${sitesSection(fleet, language)}${devicesSection(fleet, language)}`}
${rsync === undefined ? html`` : rsyncSection(rsync, language)}
${drop === undefined ? html`` : dropSection(drop, language)}
${requestsSection(requests, word)}`;
  const [title, introduction] = [word('page-title'), word('page-introduction')];
  return pageFrame({ title, introduction, body, language });
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
