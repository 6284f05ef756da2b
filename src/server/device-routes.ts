import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { say } from '../base/catalogue.ts';
import type { DeviceApi, DeviceRequest } from './device-api.ts';
import { enrolledAnswer, keyIdSchema } from './device-api-schemas.ts';
import { languageOfReader } from './language.ts';
import { openApi } from './openapi.ts';

/** What an enrolment and a question may take, in bytes. */
const mostForEnrolling = 16 * 1024;
const mostForAdvice = 256 * 1024;
/** What an empty request counts as for an address, in bytes: looking up a token may cost a link something. */
const leastForEnrolling = 4096;
const leastForAdvice = 1024;

/** What these routes need of those around them. */
export type RouteGuards = {
  /** Notes the site whose credential came along. Throws `site-credential-unknown`. */
  readonly noteSite: (request: FastifyRequest) => Promise<void>;
  /** Gives the stated length of a body. Throws `answer-length-required`, `answer-body-too-long`. */
  readonly checkLength: (request: FastifyRequest, limit: number) => number;
  /** Counts bytes for the address of a request that brought no credential. Throws where it has sent too much. */
  readonly takeShare: (request: FastifyRequest, bytes: number) => void;
};

/** Adds what devices with a key of their own ask. Bodies stay bytes until their signature has been looked at. */
export function deviceRoutes(parent: FastifyInstance, devices: DeviceApi, guards: RouteGuards): void {
  parent.register(async (scope) => {
    scope.removeContentTypeParser('application/json');
    scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
    const guarded = (limit: number, least: number) => ({
      bodyLimit: limit,
      onRequest: async (request: FastifyRequest) => {
        await guards.noteSite(request);
        const length = guards.checkLength(request, limit);
        if (request.fromSite === undefined) guards.takeShare(request, Math.max(least, length));
      },
    });
    scope.post('/api/v1/devices', guarded(mostForEnrolling, leastForEnrolling), async (request, reply) =>
      enrolledAnswer(await devices.enrol(asked(request, reply)), devices.now()),
    );
    scope.post('/api/v1/advice', guarded(mostForAdvice, leastForAdvice), async (request, reply) => {
      const answer = await devices.advise(asked(request, reply));
      if (answer.kind === 'advice') return answer.advice;
      const code = 'device-signature-stale';
      const message = say(code, {}, languageOfReader(request.headers['accept-language'])).text;
      return reply.code(401).send({ code, message, time: answer.time, nonce: answer.nonce });
    });
    scope.get<{ Params: { keyId: string } }>(
      '/api/v1/devices/:keyId',
      { onRequest: async (request) => guards.noteSite(request) },
      async (request, reply) => {
        const { keyId } = request.params;
        // Who has which device is the business of sites that have joined.
        if (request.fromSite === undefined || !keyIdSchema.safeParse(keyId).success) {
          const message = say(
            'answer-forbidden',
            {},
            languageOfReader(request.headers['accept-language']),
          ).text;
          return reply.code(403).send({ code: 'answer-forbidden', message });
        }
        return enrolledAnswer(
          await devices.find(keyId, { site: request.fromSite, signal: goneSignal(reply) }),
          devices.now(),
        );
      },
    );
    scope.get('/api/v1/openapi.json', async () => openApi());
  });
}

function asked(request: FastifyRequest, reply: FastifyReply): DeviceRequest {
  return {
    method: request.method,
    path: request.url.split('?')[0] ?? '',
    headers: request.headers,
    body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
    site: request.fromSite,
    address: request.raw.socket.remoteAddress,
    signal: goneSignal(reply),
  };
}

/** Aborted when nobody waits for the answer any more. */
function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}
