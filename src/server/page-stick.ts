import { type Language, type MessageCode, type MessageParameters, messages, say } from '../base/catalogue.ts';
import { shortHashes } from '../base/short-hashes.ts';
import { isLoss } from '../site/stick-state.ts';
import { type Html, html } from './html.ts';
import { moment } from './page-table.ts';

/** What is known of the stick that was plugged in last. */
export type StickView = {
  readonly state: 'found' | 'copying' | 'done' | 'failed';
  /** Bytes copied, of how many. */
  readonly done: number;
  readonly total: number;
  /** Why it failed, or what else people should know: a sentence of the catalogue. */
  readonly code?: string | undefined;
  readonly parameters?: MessageParameters | undefined;
  /** When this was so; ISO 8601, UTC. */
  readonly at: string;
};

/** Milliseconds after which what was said of a stick tells nothing about the one that may be plugged in now. */
const longestTold = 12 * 3600_000;
/** Milliseconds without news after which a copy that was under way is taken for ended. */
const longestSilence = 5 * 60_000;

/** True while the page should look again by itself. */
export function isMoving(stick: StickView | null, now: number): boolean {
  return stick !== null && isBusy(stick) && now - Date.parse(stick.at) < longestSilence;
}

/** The section of the stick: what it does now and whether it may be pulled out. */
export function stickSection(stick: StickView | null, now: number, language: Language): Html {
  const heading = html`<h2>${say('page-stick', {}, language).text}</h2>`;
  const age = stick === null ? Number.POSITIVE_INFINITY : now - Date.parse(stick.at);
  // A clock that was set back tells nothing about the age.
  if (stick === null || !(age < longestTold)) return html`${heading}${line('page-stick-none', {}, language)}`;
  if (isBusy(stick) && age >= longestSilence) {
    const time = `${stick.at.slice(0, 10)} ${stick.at.slice(11, 16)} UTC`;
    return html`${heading}${line('page-stick-silent', { time }, language, 'bad')}`;
  }
  return html`${heading}${sentence(stick, language)}<p class="soft">${moment(stick.at)}</p>`;
}

function isBusy({ state }: StickView): boolean {
  return state === 'found' || state === 'copying';
}

function sentence(stick: StickView, language: Language): Html {
  switch (stick.state) {
    case 'found':
      return line('page-stick-found', {}, language, 'big');
    case 'copying': {
      const percent = stick.total > 0 ? Math.min(100, Math.floor((100 * stick.done) / stick.total)) : 0;
      const bar = html`<progress max="100" value="${percent}">${percent} %</progress>`;
      return html`${line('page-stick-copying', { percent }, language, 'big')}${bar}`;
    }
    case 'done':
      if (stick.code !== undefined && isLoss({ code: stick.code }))
        return line('page-stick-part', { reason: reasonOf(stick, language) }, language, 'big bad');
      return html`${line('page-stick-done', {}, language, 'big good')}${remark(stick, language)}`;
    case 'failed':
      return line('page-stick-failed', { reason: reasonOf(stick, language) }, language, 'big bad');
  }
}

/** What people should know of a stick that was used all the same. */
function remark(stick: StickView, language: Language): Html {
  return stick.code === undefined ? html`` : html`<p>${reasonOf(stick, language)}</p>`;
}

/** A code that this version does not know is shown as it is. */
function reasonOf({ code = '', parameters = {} }: StickView, language: Language): string {
  if (!Object.hasOwn(messages, code)) return `${code}.`;
  const { text, hint } = say(code as MessageCode, shortHashes(parameters), language);
  return hint === undefined ? text : `${text} ${hint}`;
}

function line(code: MessageCode, parameters: MessageParameters, language: Language, style = ''): Html {
  return html`<p class="${style}">${say(code, parameters, language).text}</p>`;
}
