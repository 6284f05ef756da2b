import { type Language, type MessageCode, type MessageParameters, say } from '../base/catalogue.ts';
import { formatBytes } from '../base/units.ts';
import type { RsyncStatus } from '../rsync/service-status.ts';
import { type Html, html } from './html.ts';

/** What the page and `/status.json` tell of the service for rsync clients. Sizes are bytes. */
export type RsyncSummary = {
  /** Address for clients on this machine; null when nobody is served. */
  readonly url: string | null;
  /** Why nobody is served, when that is known. */
  readonly down: string | null;
  /** Trees that are complete. */
  readonly trees: number;
  readonly treeBytes: number;
  readonly budget: number;
  /** Connections that read a tree now. */
  readonly transfers: number;
  readonly making: RsyncStatus['making'];
};

/** The part of the status that everybody may see. */
export function rsyncSummary({ url, down, usage, settings, transfers, making }: RsyncStatus): RsyncSummary {
  const { trees, bytes } = usage ?? { trees: 0, bytes: 0 };
  return { url, down, trees, treeBytes: bytes, budget: settings.budget, transfers, making };
}

/** The section of the page. */
export function rsyncSection(summary: RsyncSummary, language: Language): Html {
  const { url, down, trees, treeBytes, budget, transfers, making } = summary;
  const words = (code: MessageCode, parameters: MessageParameters = {}) =>
    say(code, parameters, language).text;
  const state =
    url !== null
      ? html`<p>${words('page-rsync-at', { url })}</p>`
      : html`<p class="bad">${down === null ? words('page-rsync-starting') : words('page-rsync-down', { reason: down })}</p>`;
  const figures = { trees, bytes: formatBytes(treeBytes), budget: formatBytes(budget), transfers };
  const lines = making.map(
    ({ name, percent }) => html`<li>${words('result-rsync-making', { name, percent })}</li>
`,
  );
  return html`<h2>${words('page-rsync')}</h2>${state}<p>${words('page-rsync-trees', figures)}</p>${
    lines.length === 0 ? html`` : html`<ul>${lines}</ul>`
  }`;
}
