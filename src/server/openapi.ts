import { z } from 'zod';
import { reportBatchSchema } from '../fleet/report-schema.ts';
import {
  adviceRequestSchema,
  adviceSchema,
  enrolledSchema,
  enrolRequestSchema,
  refusalSchema,
  staleSchema,
} from './device-api-schemas.ts';
import { admittedSchema, joinSchema, placeSchema, storedSchema } from './place-api-schemas.ts';

/** A description of an API in the form of OpenAPI 3.1. */
export type OpenApi = { readonly openapi: '3.1.0' } & Readonly<Record<string, unknown>>;

/** What is told and asked, by the schemas that judge it. */
const schemas = {
  Place: placeSchema,
  ReportBatch: reportBatchSchema,
  ReportsStored: storedSchema,
  SiteJoin: joinSchema,
  SiteAdmitted: admittedSchema,
  DeviceEnrol: enrolRequestSchema,
  DeviceEnrolled: enrolledSchema,
  AdviceRequest: adviceRequestSchema,
  Advice: adviceSchema,
  RequestStale: staleSchema,
  Refusal: refusalSchema,
} as const;

type SchemaName = keyof typeof schemas;

let made: OpenApi | undefined;

/** The description of everything below `/api/v1/`; `docs/openapi.json` is a copy of it. */
export function openApi(): OpenApi {
  made ??= {
    openapi: '3.1.0',
    info: {
      title: 'Satchel',
      version: '1',
      summary: 'What devices and sites ask a place of Satchel, and tell it',
      description: [
        'The files of the repository are no part of this: they are static, signed, and described in formats.md.',
        'Nothing here has to be trusted. What a device is to run follows from signed metadata, a lease carries a',
        'signature of its own, and the signed list of stolen laptops is a file of the repository.',
      ].join(' '),
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'An origin or a site' }],
    paths: paths(),
    components: { schemas: componentSchemas(), parameters: signatureHeaders, securitySchemes },
  };
  return made;
}

function componentSchemas(): Record<string, unknown> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const found = z.toJSONSchema(registry, {
    target: 'draft-2020-12',
    io: 'input',
    uri: (id) => `#/components/schemas/${id}`,
  }).schemas;
  return Object.fromEntries(
    Object.entries(found).map(([id, { $schema: _, $id: __, ...schema }]) => [id, schema]),
  );
}

const securitySchemes = {
  site: { type: 'http', scheme: 'bearer', description: 'The credential of a site that has joined' },
} as const;

const signatureHeaders = {
  ContentDigest: header('Content-Digest', 'RFC 9530: `sha-256=:<base64>:` over the body'),
  SignatureInput: header(
    'Signature-Input',
    'RFC 9421, in this one form: `satchel=("@method" "@path" "content-digest");created=<seconds>;nonce="<16 to 64 letters, digits, - and _>";keyid="<32 hex digits>";alg="ed25519"`. The path begins with `/api/`, whatever a proxy puts before it.',
  ),
  Signature: header('Signature', 'RFC 9421: `satchel=:<base64>:`, Ed25519 by the key of the device'),
} as const;

function header(name: string, description: string) {
  return { name, in: 'header', required: true, description, schema: { type: 'string' } };
}

const signed = Object.keys(signatureHeaders).map((name) => ({ $ref: `#/components/parameters/${name}` }));

function paths() {
  const bySite = { security: [{ site: [] }] };
  const orBySite = { security: [{}, { site: [] }] };
  return {
    '/api/v1/place': { get: operation('getPlace', 'Who this is', { answer: 'Place' }) },
    '/api/v1/reports': {
      post: {
        ...operation('postReports', 'Reports of devices, or of a site that passes them on', {
          body: 'ReportBatch',
          answer: 'ReportsStored',
          refusals: [400, 403, 411, 413, 503],
        }),
        ...orBySite,
      },
    },
    '/api/v1/sites': {
      post: operation('postSite', 'A site trades a token for a credential', {
        body: 'SiteJoin',
        answer: 'SiteAdmitted',
        refusals: [400, 403, 411, 413, 503, 508],
      }),
    },
    '/api/v1/devices': {
      post: {
        ...operation('postDevice', 'A device shows its key; the same again gets the same answer', {
          body: 'DeviceEnrol',
          answer: 'DeviceEnrolled',
          refusals: [400, 401, 403, 409, 411, 413, 503],
        }),
        parameters: signed,
        ...orBySite,
      },
    },
    '/api/v1/devices/{keyId}': {
      get: {
        ...operation('getDevice', 'The device with a key, for a site below', {
          answer: 'DeviceEnrolled',
          refusals: [403, 503],
        }),
        parameters: [
          {
            name: 'keyId',
            in: 'path',
            required: true,
            schema: { type: 'string', pattern: '^[0-9a-f]{32}$' },
          },
        ],
        ...bySite,
      },
    },
    '/api/v1/advice': {
      post: {
        ...operation('postAdvice', 'What is this device to run, and may it go on running?', {
          body: 'AdviceRequest',
          answer: 'Advice',
          refusals: [400, 403, 411, 413, 503],
          others: {
            401: answerOf(
              'Not signed by the device, or at another time: then sign again over the nonce',
              'RequestStale',
              'Refusal',
            ),
          },
        }),
        parameters: signed,
      },
    },
    '/api/v1/openapi.json': {
      get: {
        operationId: 'getOpenApi',
        summary: 'This description',
        responses: { 200: { description: 'OpenAPI 3.1', content: { 'application/json': {} } } },
      },
    },
  };
}

const meanings: Readonly<Record<number, string>> = {
  400: 'The body is not what it should be',
  401: 'Not signed by the device',
  403: 'Not allowed: a token, a key or a credential that is worth nothing',
  409: 'Another key is enrolled for this device',
  411: 'The length of the body is not stated',
  413: 'The body is too long',
  503: 'Too much, or not now: `Retry-After` says when to ask again',
  508: 'The request has come through this place before',
};

function operation(
  operationId: string,
  summary: string,
  {
    body,
    answer,
    refusals = [],
    others = {},
  }: {
    readonly body?: SchemaName;
    readonly answer: SchemaName;
    readonly refusals?: readonly number[];
    readonly others?: Readonly<Record<number, unknown>>;
  },
) {
  const refused = refusals.map((status) => [status, answerOf(meanings[status] ?? '', 'Refusal')] as const);
  return {
    operationId,
    summary,
    ...(body && { requestBody: { required: true, content: contentOf(body) } }),
    responses: { 200: answerOf('Done', answer), ...Object.fromEntries(refused), ...others },
  };
}

function answerOf(description: string, ...names: readonly SchemaName[]) {
  return { description, content: contentOf(...names) };
}

function contentOf(...names: readonly SchemaName[]) {
  const references = names.map((name) => ({ $ref: `#/components/schemas/${name}` }));
  return { 'application/json': { schema: references.length === 1 ? references[0] : { oneOf: references } } };
}
