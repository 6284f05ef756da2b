import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { type Language, say } from '../base/catalogue.ts';
import type { Clock } from '../base/clock.ts';
import { isSatchelError, messageOf } from '../base/errors.ts';
import type { DropProblems } from '../rsync/drop-problems.ts';
import { type Api, apiRoutes } from './api.ts';
import type { DeviceApi } from './device-api.ts';
import { languageOfReader, prefersJson } from './language.ts';
import { checkOnlineMetadata } from './online-metadata.ts';
import { renderPage } from './page.ts';
import type { PageData } from './page-data.ts';
import type { FleetView } from './page-devices.ts';
import type { RsyncSummary } from './page-rsync.ts';
import { renderSitePage, type SiteView } from './page-site.ts';
import { pageSecurityPolicy } from './page-style.ts';
import { plainText } from './plain-answer.ts';
import type { RequestLog } from './request-log.ts';

/** What the routes need of the rest of the server. */
export type WebAppOptions = {
  readonly repository: string;
  /** Absent at a site, which has other things to tell. */
  readonly pageData?: (() => Promise<PageData>) | undefined;
  readonly dropProblems?: (() => DropProblems) | undefined;
  readonly rsync?: (() => RsyncSummary) | undefined;
  readonly api?: Api | undefined;
  /** Absent: devices have no keys of their own here. */
  readonly devices?: DeviceApi | undefined;
  readonly fleet?: (() => Promise<FleetView | undefined>) | undefined;
  /** Present at a site, whose page is another one. */
  readonly site?: (() => Promise<SiteView>) | undefined;
  readonly requests: RequestLog;
  readonly log: Logger;
  readonly clock: Clock;
};

/**
 * The routes that are no files of the repository: the page, the same data as JSON, and the health check. Ready to
 * be called through `routing`; it listens nowhere by itself.
 */
export async function webApp(options: WebAppOptions): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    frameworkErrors: (_error, request, reply) => {
      sendPlainly(request, reply as unknown as FastifyReply, 400, 'answer-bad-request');
    },
  });
  // Before a body is read: nothing here takes one.
  app.addHook('onRequest', async (request, reply) => {
    if (!request.is404 || request.method === 'GET' || request.method === 'HEAD') return;
    reply.header('Allow', 'GET, HEAD');
    return sendPlainly(request, reply, 405, 'answer-method-not-allowed');
  });
  // The framework passes headers by in a way that the log, which counts bytes, could not see afterwards.
  app.addHook('onSend', async (_request, reply, payload) => {
    if (typeof payload === 'string') reply.raw.setHeader('Content-Length', Buffer.byteLength(payload));
    return payload;
  });
  app.setNotFoundHandler((request, reply) => sendPlainly(request, reply, 404, 'answer-not-found'));
  app.setErrorHandler((error, request, reply) => {
    options.log.error({ err: error }, 'bug');
    return sendPlainly(request, reply, 500, 'answer-failed');
  });
  if (options.api !== undefined)
    apiRoutes(app, { api: options.api, devices: options.devices, log: options.log });
  app.get('/healthz', async (_request, reply) => await sendHealth(reply, options));
  app.get('/status.json', async (_request, reply) => await sendStatus(reply, options));
  app.get<{ Querystring: { lang?: unknown } }>('/', async (request, reply) => {
    reply.header('Vary', 'Accept, Accept-Language');
    if (prefersJson(request.headers.accept)) return await sendStatus(reply, options);
    return await sendPage(reply, options, languageOf(request.query.lang, request));
  });
  await app.ready();
  return app;
}

function languageOf(chosen: unknown, request: FastifyRequest): Language {
  if (chosen === 'en' || chosen === 'es') return chosen;
  return languageOfReader(request.headers['accept-language']);
}

async function sendHealth(reply: FastifyReply, options: WebAppOptions): Promise<FastifyReply> {
  reply.header('Cache-Control', 'no-store');
  try {
    await checkOnlineMetadata(options.repository, options.clock());
    return reply.send({ status: 'ok' });
  } catch (error) {
    if (!isSatchelError(error)) throw error;
    return reply.code(503).send({ status: 'failing', code: error.code, reason: error.message });
  }
}

async function sendStatus(reply: FastifyReply, options: WebAppOptions): Promise<FastifyReply> {
  reply.header('Cache-Control', 'no-cache');
  const { data, site, fleet, rsync, drop } = await lookAt(options);
  const requests = options.requests.last();
  const rest = { drop, rsync, site, fleet, requests };
  if (data !== undefined || site !== undefined) return reply.send({ ...data, ...rest });
  return reply.code(503).send({ error: say('page-failed', {}, 'en').text, ...rest });
}

async function sendPage(
  reply: FastifyReply,
  options: WebAppOptions,
  language: Language,
): Promise<FastifyReply> {
  const { data, site, fleet, rsync, drop } = await lookAt(options);
  const isAtSite = options.site !== undefined;
  const page = isAtSite
    ? renderSitePage({ site, fleet, rsync, drop, now: options.clock(), language })
    : renderPage({ data, drop, rsync, fleet, requests: options.requests.last(), language });
  return reply
    .code((isAtSite ? site : data) === undefined ? 503 : 200)
    .headers({
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Language': language,
      'Cache-Control': 'no-cache',
      'Content-Security-Policy': pageSecurityPolicy,
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
    })
    .send(page);
}

/** What the page shows; of what cannot be read, undefined. */
async function lookAt(options: WebAppOptions) {
  const { log } = options;
  const [data, site, fleet, rsync, drop] = await Promise.all([
    foundOrUndefined(options.pageData, log),
    foundOrUndefined(options.site, log),
    foundOrUndefined(options.fleet, log),
    foundOrUndefined(options.rsync, log),
    options.dropProblems?.(),
  ]);
  return { data, site, fleet, rsync, drop };
}

/** A failure is logged, because the reader can do nothing about it; the page has the rest. */
async function foundOrUndefined<Found>(
  look: (() => Found | Promise<Found>) | undefined,
  log: Logger,
): Promise<Found | undefined> {
  try {
    return await look?.();
  } catch (error) {
    const reason = messageOf(error);
    log.error({ err: error }, say('server-page-failed', { reason }, 'en').text);
    return undefined;
  }
}

function sendPlainly(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  code: Parameters<typeof plainText>[1],
): FastifyReply {
  return reply
    .code(status)
    .headers({ 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-cache' })
    .send(plainText(request.raw, code));
}
