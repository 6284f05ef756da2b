import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { type MessageCode, type MessageParameters, say } from '../base/catalogue.ts';
import { isSatchelError, messageOf, SatchelError } from '../base/errors.ts';
import type { DeviceApi } from './device-api.ts';
import { deviceRoutes } from './device-routes.ts';
import { createFairShare } from './fair-share.ts';
import { languageOfReader } from './language.ts';
import type { Place } from './place.ts';

export type { Place } from './place.ts';

/** What other places and devices may ask for and tell; the bodies are as they came and are judged by these. */
export type Api = {
  place(): Promise<Place>;
  /** The site that a credential belongs to; undefined when it belongs to none. */
  siteOf(credential: string): Promise<string | undefined>;
  /** Stores reports of devices, or of a site that passes them on. */
  storeReports(
    body: unknown,
    from: { readonly site: string | undefined },
  ): Promise<{
    readonly stored: number;
    readonly known: number;
    readonly refused?: number;
    /** Sites whose credential is worth nothing any more, for the site that passes reports of theirs on. */
    readonly revoked?: readonly string[];
  }>;
  /** Gives a site that brings a token its credential. */
  admitSite(body: unknown, how: { readonly signal: AbortSignal }): Promise<{ readonly credential: string }>;
};

/** How refusals of devices are told; the others are below. */
const deviceStatus: Readonly<Partial<Record<MessageCode, number>>> = {
  'device-signature-wrong': 401,
  'device-not-enrolled': 403,
  'device-key-revoked': 403,
  'enrol-token-unknown': 403,
  'enrol-token-used': 403,
  'enrol-token-expired': 403,
  'enrol-token-revoked': 403,
  'device-serial-taken': 409,
};

/** What anybody may send, and what a site that has joined may, in bytes. */
const mostFromAnybody = 256 * 1024;
const mostFromSite = 4 * 1024 * 1024;
/** What joining may take, in bytes. */
const mostForJoining = 16 * 1024;
/** What an empty request counts as, in bytes: it costs something too, at a site also the link. */
const leastCounted = 1024;

/** The sentences with which a site is not admitted. */
const refusals: ReadonlySet<string> = new Set<string>([
  'site-token-unknown',
  'site-token-used',
  'site-token-revoked',
  'site-token-expired',
  'site-credential-unknown',
]);

declare module 'fastify' {
  interface FastifyRequest {
    /** The site that sent the request, when it brought a credential. */
    fromSite: string | undefined;
  }
}

/**
 * Adds the addresses below `/api/v1/`. A body is refused by its stated length before any of it is read; what comes without a
 * credential counts for its address; every answer is JSON, every refusal `{"code","message"}` in the language of the reader.
 */
export function apiRoutes(
  app: FastifyInstance,
  {
    api,
    devices,
    log,
  }: { readonly api: Api; readonly devices?: DeviceApi | undefined; readonly log: Logger },
): void {
  app.decorateRequest('fromSite', undefined);
  const share = createFairShare();
  const takeShare = (request: FastifyRequest, bytes: number) => {
    const retryAfter = share.take(request.raw.socket.remoteAddress, bytes);
    if (retryAfter !== undefined) throw new TooMuch(retryAfter);
  };
  app.register(async (scope) => {
    scope.setErrorHandler((error, request, reply) => refuse(request, reply, { error, log }));
    scope.addHook('onSend', async (_request, reply, payload) => {
      reply.raw.setHeader('Cache-Control', 'no-store');
      if (typeof payload === 'string') reply.raw.setHeader('Content-Length', Buffer.byteLength(payload));
      return payload;
    });
    scope.get('/api/v1/place', async () => ({ satchel: 'place', format: 1, ...(await api.place()) }));
    scope.post(
      '/api/v1/reports',
      {
        bodyLimit: mostFromSite,
        onRequest: async (request) => {
          request.fromSite = await siteOf(request, api);
          const length = checkLength(
            request,
            request.fromSite === undefined ? mostFromAnybody : mostFromSite,
          );
          if (request.fromSite === undefined) takeShare(request, Math.max(leastCounted, length));
        },
      },
      async (request) => await api.storeReports(request.body, { site: request.fromSite }),
    );
    scope.post(
      '/api/v1/sites',
      {
        bodyLimit: mostForJoining,
        onRequest: async (request) => {
          checkLength(request, mostForJoining);
          takeShare(request, mostForJoining);
        },
      },
      async (request, reply) => {
        const gone = new AbortController();
        reply.raw.once('close', () => gone.abort());
        return await api.admitSite(request.body, { signal: gone.signal });
      },
    );
    if (devices !== undefined)
      deviceRoutes(scope, devices, {
        checkLength,
        takeShare,
        noteSite: async (request) => {
          request.fromSite = await siteOf(request, api);
        },
      });
  });
}

/** Throws `site-credential-unknown`: whoever brings a credential is told when it is worth nothing. */
async function siteOf({ headers }: FastifyRequest, api: Api): Promise<string | undefined> {
  if (headers.authorization === undefined) return undefined;
  const credential = /^Bearer ([A-Za-z0-9._~+/=-]{1,200})$/i.exec(headers.authorization)?.[1];
  const site = credential === undefined ? undefined : await api.siteOf(credential);
  if (site === undefined) throw new SatchelError('site-credential-unknown');
  return site;
}

/** Somebody has sent more than his share. */
class TooMuch extends Error {
  readonly retryAfter: number;

  constructor(retryAfter: number) {
    super('an address has sent more than its share');
    this.retryAfter = retryAfter;
  }
}

function checkLength({ headers }: FastifyRequest, limit: number): number {
  const length = Number(headers['content-length'] ?? Number.NaN);
  if (Number.isNaN(length)) throw new SatchelError('answer-length-required');
  if (length > limit) throw new SatchelError('answer-body-too-long', { limit });
  return length;
}

function refuse(
  request: FastifyRequest,
  reply: FastifyReply,
  { error, log }: { readonly error: unknown; readonly log: Logger },
): FastifyReply {
  const { status, code, parameters } = judged(error);
  const isTooMuch = error instanceof TooMuch;
  const message = say(code, parameters, languageOfReader(request.headers['accept-language'])).text;
  // What is left of a body that was refused is not worth waiting for.
  if (status === 413 || status === 411 || isTooMuch) reply.header('Connection', 'close');
  if (status === 503) reply.header('Retry-After', isTooMuch ? String(error.retryAfter) : '30');
  // One line each would let the same people fill the log.
  if (status >= 500 && !isTooMuch) log.error({ err: error, path: request.url }, messageOf(error));
  return reply.code(status).send({ code, message });
}

type Judged = {
  readonly status: number;
  readonly code: MessageCode;
  readonly parameters: MessageParameters;
};

function judged(error: unknown): Judged {
  if (isSatchelError(error)) {
    const { code, parameters } = error;
    return { status: statusOf(error), code, parameters };
  }
  if (error instanceof TooMuch) return { status: 503, code: 'answer-busy', parameters: {} };
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status === 413) return { status, code: 'answer-body-too-long', parameters: { limit: mostFromSite } };
  if (status >= 400 && status < 500) return { status: 400, code: 'answer-bad-request', parameters: {} };
  return { status: 500, code: 'answer-failed', parameters: {} };
}

function statusOf({ code }: SatchelError): number {
  if (refusals.has(code)) return 403;
  const ofDevice = deviceStatus[code];
  if (ofDevice !== undefined) return ofDevice;
  switch (code) {
    case 'answer-length-required':
      return 411;
    case 'answer-body-too-long':
      return 413;
    case 'site-loop':
      return 508;
    case 'record-invalid':
    case 'record-no-object':
    case 'record-newer':
    case 'report-invalid':
      return 400;
    default:
      return 503;
  }
}
