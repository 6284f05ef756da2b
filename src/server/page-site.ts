import { type Language, type MessageCode, type MessageParameters, say } from '../base/catalogue.ts';
import { formatBytes } from '../base/units.ts';
import type { DropProblems } from '../rsync/drop-problems.ts';
import { type Html, html } from './html.ts';
import { devicesSection, type FleetView, sitesSection } from './page-devices.ts';
import { dropSection } from './page-drop.ts';
import { pageFrame } from './page-frame.ts';
import { type RsyncSummary, rsyncSection } from './page-rsync.ts';
import { isMoving, type StickView, stickSection } from './page-stick.ts';
import { cell, head, table } from './page-table.ts';

/** What the page and `/status.json` tell of a site. Sizes are bytes, times ISO 8601 in UTC. */
export type SiteView = {
  readonly id: string;
  readonly name: string;
  /** Where everything comes from, without a password. */
  readonly upstream: string;
  /** True when it was told to ask nobody. */
  readonly offline: boolean;
  /** What is known of the stick that was plugged in last. */
  readonly stick: StickView | null;
  readonly link: {
    readonly down: boolean;
    readonly lastContact: string | null;
    /** Bytes a second. */
    readonly rate: number | null;
    /** Why what the upstream sends is not accepted. */
    readonly refused: {
      readonly code: MessageCode;
      readonly parameters: MessageParameters;
    } | null;
    /** Why the upstream takes no reports from here. */
    readonly reportsRefused: {
      readonly code: MessageCode;
      readonly parameters: MessageParameters;
    } | null;
  };
  readonly builds: readonly {
    readonly name: string;
    /** Streams whose head it is. */
    readonly streams: readonly string[];
    /** Bytes of its files that are here. */
    readonly held: number;
    /** Bytes of all its files. */
    readonly total: number;
  }[];
  /** Files that arrive now. */
  readonly receiving: { readonly received: number; readonly size: number };
  readonly disk: { readonly used: number; readonly budget: number; readonly free: number };
};

/** Renders the page of a site: for the people in the room, complete and without scripts. */
export function renderSitePage(options: {
  /** Absent when it could not be read. */
  readonly site: SiteView | undefined;
  readonly fleet: FleetView | undefined;
  readonly rsync?: RsyncSummary | undefined;
  /** What keeps files of the drop directory from being served. */
  readonly drop?: DropProblems | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly language: Language;
}): string {
  const { site, fleet, rsync, drop, now, language } = options;
  const word = (code: MessageCode, parameters: MessageParameters = {}) =>
    say(code, parameters, language).text;
  const introduction = word('page-site-introduction');
  if (site === undefined) {
    const body = html`<p class="bad" role="alert">${word('page-failed')}</p>`;
    return pageFrame({ title: word('page-site-title', { name: '?' }), introduction, body, language });
  }
  const body = html`${stickSection(site.stick, now, language)}
${fleet === undefined ? html`` : devicesSection(fleet, language)}
${heldSection(site, word)}
${linkSection(site, word)}
${fleet === undefined ? html`` : sitesSection(fleet, language)}
${rsync === undefined ? html`` : rsyncSection(rsync, language)}
${drop === undefined ? html`` : dropSection(drop, language)}`;
  return pageFrame({
    title: word('page-site-title', { name: site.name }),
    introduction,
    body,
    language,
    refresh: isMoving(site.stick, now) ? 5 : undefined,
  });
}

type Word = (code: MessageCode, parameters?: MessageParameters) => string;

function heldSection({ builds, receiving, disk }: SiteView, word: Word): Html {
  const heading = html`<h2>${word('page-held')}</h2>`;
  const figures = {
    used: formatBytes(disk.used),
    budget: formatBytes(disk.budget),
    free: formatBytes(disk.free),
  };
  const space = html`<p>${word('page-disk', figures)}</p>`;
  const { received, size } = receiving;
  const done = { done: formatBytes(received), total: formatBytes(size) };
  const arriving = size === 0 ? html`` : html`<p>${word('page-receiving', done)}</p>`;
  if (builds.length === 0) return html`${heading}<p>${word('page-held-none')}</p>${arriving}${space}`;
  const rows = builds.map(
    ({ name, streams, held, total }) =>
      html`<tr><th scope="row">${name}</th>${[
        cell(word('page-column-here'), heldWords(held, total, word)),
        cell(
          word('page-column-streams'),
          streams.length === 0
            ? '–'
            : html`<span>${streams.map((stream) => html`<span class="tag">${stream}</span>`)}</span>`,
        ),
      ]}</tr>`,
  );
  const heads = [
    head(word('page-column-name')),
    head(word('page-column-here')),
    head(word('page-column-streams')),
  ];
  return html`${heading}${table(heads, rows)}${arriving}${space}`;
}

function heldWords(held: number, total: number, word: Word): string {
  if (held >= total) return word('page-held-complete');
  if (held === 0) return word('page-held-not');
  return word('page-held-partly', { held: formatBytes(held), total: formatBytes(total) });
}

function linkSection({ link, upstream, offline }: SiteView, word: Word): Html {
  const lines: Html[] = [];
  if (offline) lines.push(html`<p>${word('page-link-offline')}</p>`);
  else if (link.down) lines.push(html`<p class="bad">${word('page-link-down', { upstream })}</p>`);
  else lines.push(html`<p>${word('page-link-up', { upstream })}</p>`);
  if (link.refused !== null) {
    const reason = word(link.refused.code, link.refused.parameters);
    lines.push(html`<p class="bad" role="alert">${word('page-link-refused', { reason })}</p>`);
  }
  if (link.reportsRefused !== null) {
    const { code, parameters } = link.reportsRefused;
    lines.push(html`<p class="bad" role="alert">${word(code, parameters)}</p>`);
  }
  if (link.lastContact !== null) {
    const time = `${link.lastContact.slice(0, 10)} ${link.lastContact.slice(11, 16)} UTC`;
    lines.push(html`<p>${word('page-link-contact', { time })}</p>`);
  }
  if (link.rate !== null)
    lines.push(html`<p>${word('page-link-rate', { rate: formatBytes(link.rate) })}</p>`);
  return html`<h2>${word('page-link')}</h2>${lines}`;
}
