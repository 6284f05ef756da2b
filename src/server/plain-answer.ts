import type { IncomingMessage, ServerResponse } from 'node:http';
import { type MessageCode, type MessageParameters, say } from '../base/catalogue.ts';
import { languageOfReader } from './language.ts';

/** The sentence of an answer that is no file, with a line end, in the reader's language. */
export function plainText(
  request: IncomingMessage,
  code: MessageCode,
  parameters: MessageParameters = {},
): string {
  return `${say(code, parameters, languageOfReader(request.headers['accept-language'])).text}\n`;
}

/** Answers with a status and one sentence; no cache may keep it, so that what is published later is found. */
export function answerPlainly(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  code: MessageCode,
  options: { parameters?: MessageParameters; headers?: Readonly<Record<string, string | number>> } = {},
): void {
  const body = Buffer.from(plainText(request, code, options.parameters));
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.setHeader('Content-Length', body.length);
  response.setHeader('Cache-Control', 'no-cache');
  for (const [name, value] of Object.entries(options.headers ?? {})) response.setHeader(name, value);
  response.end(request.method === 'HEAD' ? undefined : body);
}
