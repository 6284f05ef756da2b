import { hash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import {
  bundleFile,
  bundleTypes,
  groupPage,
  groupsPage,
  type PageBundle,
  pageBundles,
  pageLanguages,
} from '../activities/group-page.ts';
import { type LocalBundles, localPageBundles } from '../activities/local-bundles.ts';
import type { OfferedGroup, OfferedGroups } from '../activities/offered-groups.ts';
import type { ZipCache } from '../activities/zip-cache.ts';
import { say } from '../base/catalogue.ts';
import { isSatchelError, messageOf } from '../base/errors.ts';
import type { BundleRecord, GroupName, GroupRecord } from '../repository/group-record.ts';
import { answerFile } from './answer-file.ts';
import { weights } from './language.ts';
import { closeFile, openFile } from './open-file.ts';
import { answerPlainly } from './plain-answer.ts';
import type { RepositoryFile } from './repository-file.ts';
import type { RequestRecord } from './request-log.ts';
import { rangeSender } from './send-range.ts';

/** What a place offers beside the OS, and the files that are made of it. */
export type ActivitiesService = {
  readonly offered: () => Promise<OfferedGroups>;
  readonly zips: Pick<ZipCache, 'file'>;
  /** At a site: what somebody has brought, which nobody has signed. */
  readonly local?: (() => Promise<LocalBundles>) | undefined;
  /** At a site: somebody was given a bundle as a file, which counts as its use in each group that has it. */
  readonly used?: ((group: GroupName, bundle: BundleRecord) => void) | undefined;
};

/** Answers for the pages that Sugar's updaters read, and the bundles that they download. */
export type ActivitiesRoute = {
  /** True for `/activities` and what lies below. */
  takes(path: string): boolean;
  answer(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    record: RequestRecord,
  ): Promise<void>;
};

const base = '/activities';
const htmlType = 'text/html; charset=utf-8';
/** Pages run nothing and load nothing but the pictures inside them. */
const security = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/**
 * `/activities/` is the page of the default group with links to the others, `/activities/GROUP/` that of one,
 * `index.LANGUAGE.html` beside each the same in one language; the bundles lie beside the first. Which language a page
 * without one is in, the reader says. `/activities/local/` has what a site was brought, unless a group has that name.
 */
export function activitiesRoute(service: ActivitiesService, log: Logger): ActivitiesRoute {
  const { offered, zips, local, used = () => undefined } = service;
  const sender = rangeSender();
  const told = new Set<string>();
  return {
    takes: (path) => path === base || path.startsWith(`${base}/`),
    async answer(request, response, path, record) {
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        answerPlainly(request, response, 405, 'answer-method-not-allowed', {
          headers: { Allow: 'GET, HEAD' },
        });
        return;
      }
      try {
        await find(request, response, path, record);
      } catch (error) {
        const isTooLarge = isSatchelError(error, 'bundle-zip-too-large');
        const isWithoutRoom = isTooLarge || isSatchelError(error, 'bundle-zip-no-room', 'disk-full');
        if (isWithoutRoom && !response.headersSent) {
          warnOnce(messageOf(error));
          answerPlainly(request, response, 507, isTooLarge ? 'answer-file-too-large' : 'answer-no-room');
          return;
        }
        log.error({ err: error }, messageOf(error));
        if (response.headersSent) response.destroy();
        else if (isSatchelError(error))
          answerPlainly(request, response, 503, 'answer-busy', { headers: { 'Retry-After': 30 } });
        else answerPlainly(request, response, 500, 'answer-failed');
      }
    },
  };

  async function find(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    record: RequestRecord,
  ): Promise<void> {
    const { groups: signed, files } = await offered();
    const rest = path.slice(base.length + 1);
    const bundle = files.get(rest);
    if (bundle !== undefined) {
      const made = await zips.file(bundle);
      for (const group of groupsWith(signed, bundle)) used(group, bundle);
      const etag = hash('sha256', made.replace(/^.*\//, ''));
      return sendFile(request, response, { ...bundle, path: made, etag }, record);
    }
    const brought = await broughtHere(signed);
    const groups = brought === undefined ? signed : [...signed, brought.group];
    const own = brought?.bundles.find((each) => `${localGroup}/${each.file}` === rest);
    if (own !== undefined) return sendFile(request, response, { ...own, ...own.details }, record);
    const [, name, file] =
      /^(?:([A-Za-z0-9][A-Za-z0-9._+-]{0,63})\/)?(index\.[A-Za-z0-9_@-]{2,42}\.html)?$/.exec(rest) ?? [];
    const group = groups.find((each) => each.record.group === (name ?? rest));
    // Relative links of a page need the slash at its end.
    if (path === base || (group !== undefined && name === undefined && rest !== '')) {
      response.writeHead(301, { Location: `${path}/`, 'Content-Length': 0 });
      response.end();
      return;
    }
    const language = file?.slice('index.'.length, -'.html'.length);
    const isTop = rest === '' || (name === undefined && file !== undefined);
    const shown = isTop ? groups[0] : group;
    if (isTop && groups.length === 0) sendPage(request, response, groupsPage([], ''), '');
    else if (shown === undefined) answerPlainly(request, response, 404, 'answer-not-found');
    else sendGroup(request, response, shown, { groups: isTop ? groups : [], language });
  }

  /** What somebody has brought, as a group; undefined where there is nothing. */
  async function broughtHere(
    signed: readonly OfferedGroup[],
  ): Promise<(LocalBundles & { readonly group: ShownGroup }) | undefined> {
    if (local === undefined || signed.some(({ record }) => record.group === localGroup)) return undefined;
    const found = await local();
    for (const { path, reason } of found.refused)
      warnOnce(say('activities-local-refused', { file: path, reason }, 'en').text);
    if (found.bundles.length === 0) return undefined;
    return { ...found, group: { record: localRecord(), details: [], listed: localPageBundles(found) } };
  }

  function warnOnce(text: string): void {
    if (!told.has(text)) log.warn(text);
    told.add(text);
  }

  async function sendFile(
    request: IncomingMessage,
    response: ServerResponse,
    bundle: Parameters<typeof bundleFile>[0] & { readonly path: string; readonly etag?: string },
    record: RequestRecord,
  ): Promise<void> {
    const opened = await openFile(bundle.path, bundle.etag, (bytes) => hash('sha256', bytes));
    if (typeof opened === 'string') {
      answerPlainly(request, response, 503, 'answer-busy', { headers: { 'Retry-After': 5 } });
      return;
    }
    try {
      const { fd, size, etag } = opened;
      const file: RepositoryFile = {
        name: bundleFile(bundle),
        sha256: undefined,
        caching: 'revalidate',
        mediaType: bundleTypes[bundle.kind],
      };
      const content = {
        ...{ size, etag },
        async send(
          part: Parameters<typeof sender.send>[1],
          to: ServerResponse,
          log: RequestRecord,
          begin: () => void,
        ) {
          begin();
          await sender.send(fd, part, to, log);
        },
      };
      await answerFile(request, response, file, content, record);
    } finally {
      closeFile(opened.fd);
    }
  }
}

/** A group, and what its page lists where that is told by no record. */
type ShownGroup = Pick<OfferedGroup, 'details'> & {
  readonly record: Pick<GroupRecord, 'group' | 'titles' | 'descriptions' | 'bundles'>;
  readonly listed?: readonly PageBundle[];
};

/** The groups in which this version is. */
function groupsWith(groups: readonly OfferedGroup[], { index }: BundleRecord): GroupName[] {
  const holds = ({ record }: OfferedGroup) =>
    record.bundles.some((each) => each.index.sha256 === index.sha256);
  return groups.filter(holds).map(({ record }) => record.group);
}

const localGroup = 'local' as GroupName;

function localRecord(): ShownGroup['record'] {
  const texts = (code: 'activities-local-title' | 'activities-local-about') => ({
    '': say(code, {}, 'en').text,
    es: say(code, {}, 'es').text,
  });
  return {
    ...{ group: localGroup, bundles: [] },
    ...{ titles: texts('activities-local-title'), descriptions: texts('activities-local-about') },
  };
}

/** What a page lists; the files of signed bundles lie beside the page of all groups, the others beside their own. */
function listedOn({ record, details, listed }: ShownGroup, isTop: boolean): PageBundle[] {
  if (listed !== undefined)
    return listed.map((bundle) => ({
      ...bundle,
      file: isTop ? `${localGroup}/${bundle.file}` : bundle.file,
    }));
  return pageBundles(record, details).map((bundle) => ({
    ...bundle,
    file: isTop ? bundle.file : `../${bundle.file}`,
  }));
}

function sendGroup(
  request: IncomingMessage,
  response: ServerResponse,
  shown: ShownGroup,
  { groups, language }: { readonly groups: readonly ShownGroup[]; readonly language: string | undefined },
): void {
  const { record } = shown;
  const bundles = listedOn(shown, groups.length > 0);
  const languages = pageLanguages(record, bundles);
  if (language !== undefined && !languages.includes(language)) {
    answerPlainly(request, response, 404, 'answer-not-found');
    return;
  }
  const chosen = language ?? languageWanted(request, languages);
  const others = groups.slice(1).map((group) => group.record);
  const page = groupPage({ group: record, bundles, language: chosen, languages, others });
  sendPage(request, response, page, chosen);
}

/** The language of the page that a reader weighs most; '' for the plain texts, which the page calls English. */
function languageWanted(request: IncomingMessage, languages: readonly string[]): string {
  let best = { language: '', weight: 0 };
  for (const [wish, weight] of weights(request.headers['accept-language'])) {
    const [primary] = wish.split('-');
    const found =
      languages.find((code) => code.toLowerCase().replaceAll('_', '-') === wish) ??
      languages.find((code) => code.toLowerCase() === primary) ??
      (primary === 'en' || wish === '*' ? '' : undefined);
    if (found !== undefined && weight > best.weight) best = { language: found, weight };
  }
  return best.language;
}

function sendPage(request: IncomingMessage, response: ServerResponse, page: string, language: string): void {
  const body = Buffer.from(page);
  const etag = `"${hash('sha256', body).slice(0, 40)}"`;
  const headers = {
    ...{ 'Content-Type': htmlType, 'Content-Security-Policy': security, 'X-Content-Type-Options': 'nosniff' },
    ...{ ETag: etag, 'Cache-Control': 'no-cache', Vary: 'Accept-Language' },
    ...(language === '' ? {} : { 'Content-Language': language.replace('_', '-') }),
  };
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers);
    response.end();
    return;
  }
  response.setHeader('Content-Length', body.length);
  response.writeHead(200, headers);
  response.end(request.method === 'HEAD' ? undefined : body);
}
