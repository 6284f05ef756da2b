import { type Language, type MessageCode, type MessageParameters, say } from '../base/catalogue.ts';
import { type Html, html } from './html.ts';
import { cell, head, moment, number, table } from './page-table.ts';

/** What the page shows of the devices and sites that have told of themselves. */
export type FleetView = {
  readonly devices: readonly DeviceView[];
  /** Devices beyond those of the list. */
  readonly more: number;
  /** How many of all devices run what their stream names. */
  readonly current: number;
  readonly sites: readonly {
    readonly name: string;
    /** ISO 8601, UTC; null: never heard of since it joined. */
    readonly seen: string | null;
    readonly devices: number;
  }[];
};

/** One device as the page shows it. */
export type DeviceView = {
  /** Its serial number, or the beginning of its id. */
  readonly name: string;
  readonly running: string | null;
  readonly state: 'current' | 'behind' | 'failed' | 'unknown';
  /** The build that it will go to, when it is behind. */
  readonly next?: string;
  /** ISO 8601, UTC. */
  readonly seen: string;
};

/** The section of the devices. */
export function devicesSection({ devices, more, current }: FleetView, language: Language): Html {
  const word = words(language);
  const heading = html`<h2>${word('page-devices')}</h2>`;
  if (devices.length === 0) return html`${heading}<p>${word('page-devices-none')}</p>`;
  const rows = devices.map(
    (device) =>
      html`<tr><th scope="row">${device.name}</th>${[
        cell(word('page-column-running'), device.running ?? '–'),
        cell(word('page-column-state'), stateOf(device, word)),
        cell(word('page-column-seen'), moment(device.seen)),
      ]}</tr>`,
  );
  const heads = [
    head(word('page-column-device')),
    head(word('page-column-running')),
    head(word('page-column-state')),
    head(word('page-column-seen')),
  ];
  const count = word('page-devices-count', { current, devices: devices.length + more });
  const rest = more === 0 ? html`` : html`<p>${word('page-devices-more', { count: more })}</p>`;
  return html`${heading}<p>${count}</p>${table(heads, rows)}${rest}`;
}

/** The section of the sites; nothing where none has joined. */
export function sitesSection({ sites }: FleetView, language: Language): Html {
  if (sites.length === 0) return html``;
  const word = words(language);
  const rows = sites.map(
    ({ name, seen, devices }) =>
      html`<tr><th scope="row">${name}</th>${[
        number(word('page-column-devices'), devices),
        cell(word('page-column-seen'), seen === null ? '–' : moment(seen)),
      ]}</tr>`,
  );
  const heads = [
    head(word('page-column-site')),
    head(word('page-column-devices'), 'n'),
    head(word('page-column-seen')),
  ];
  return html`<h2>${word('page-sites')}</h2>${table(heads, rows)}`;
}

function words(language: Language) {
  return (code: MessageCode, parameters: MessageParameters = {}) => say(code, parameters, language).text;
}

function stateOf({ state, next }: DeviceView, word: ReturnType<typeof words>): Html {
  switch (state) {
    case 'current':
      return html`${word('page-device-current')}`;
    case 'behind':
      return html`${word('page-device-behind', { build: next ?? '–' })}`;
    case 'failed':
      return html`<span class="bad">${word('page-device-failed')}</span>`;
    default:
      return html`<span class="soft">${word('page-device-unknown')}</span>`;
  }
}
