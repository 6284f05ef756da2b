/**
 * A web server over a directory on which anything can go wrong, at the path and the request that a test chooses.
 * Without rules it is a correct static server with range requests. In a test:
 *
 * ```ts
 * const server = await startFaultServer(directory, [
 *   { pattern: '^/packs/', fault: { kind: 'slow', bytesPerSecond: 1_000_000 } },
 *   { path: '/metadata/timestamp.json', times: 2, fault: { kind: 'status', status: 503 } },
 *   { path: '/packs/a.pack', from: 2, times: 1, fault: { kind: 'reset', after: 1000 } },
 * ]);
 * ```
 *
 * As a process of its own: `node test/doubles/fault-server.ts DIR [--rules JSON] [--port PORT]`. It prints its
 * address as the first line and runs until it is ended. `GET /-/counters` tells what it has done, and
 * `PUT /-/rules` with JSON replaces the rules.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Content, openContent, type Part, parseRange } from './fault-content.ts';
import { type Fault, type FaultPlan, type FaultRule, find, planFaults } from './fault-rules.ts';

export type { Fault, FaultRule } from './fault-rules.ts';

/** One request that was answered, or left hanging. */
export type SeenRequest = {
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
};

/** What the server has done so far. */
export type FaultCounters = {
  readonly requests: number;
  /** Body bytes handed to the network. */
  readonly bodyBytes: number;
  /** Every byte handed to the network, heads included. */
  readonly bytesSent: number;
  readonly connections: number;
};

/** A running fault server. */
export type FaultServer = {
  /** Its address, ending in a slash. */
  readonly url: string;
  readonly port: number;
  readonly requests: readonly SeenRequest[];
  counters(): FaultCounters;
  /** Replaces the rules; their counting begins anew. */
  setRules(rules: readonly FaultRule[]): void;
  /** Ends all connections and the server. */
  close(): Promise<void>;
};

/** Starts a server on a free port of the loopback interface. */
export async function startFaultServer(
  directory: string,
  rules: readonly FaultRule[] = [],
  { port = 0 }: { readonly port?: number } = {},
): Promise<FaultServer> {
  const state: State = {
    root: resolve(directory),
    plan: planFaults(rules),
    requests: [],
    sockets: new Set(),
    stopping: new AbortController(),
    bodyBytes: 0,
    closedBytes: 0,
    connections: 0,
  };
  const server = createServer((request, response) => {
    // A client that went away is no failure of the server.
    answer(state, request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 600_000;
  server.on('connection', (socket) => {
    state.connections += 1;
    state.sockets.add(socket);
    socket.once('close', () => {
      state.sockets.delete(socket);
      state.closedBytes += socket.bytesWritten;
    });
  });
  await new Promise<void>((started) => server.listen(port, '127.0.0.1', started));
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}/`,
    port: address.port,
    requests: state.requests,
    counters: () => countersOf(state),
    setRules(next) {
      state.plan = planFaults(next);
    },
    close: () => stop(state, server),
  };
}

type State = {
  readonly root: string;
  plan: FaultPlan;
  readonly requests: SeenRequest[];
  readonly sockets: Set<Socket>;
  readonly stopping: AbortController;
  bodyBytes: number;
  closedBytes: number;
  connections: number;
};

function countersOf({ requests, bodyBytes, closedBytes, sockets, connections }: State): FaultCounters {
  let bytesSent = closedBytes;
  for (const socket of sockets) bytesSent += socket.bytesWritten;
  return { requests: requests.length, bodyBytes, bytesSent, connections };
}

async function stop(state: State, server: Server): Promise<void> {
  state.stopping.abort();
  const closed = new Promise<void>((done) => server.close(() => done()));
  for (const socket of state.sockets) socket.destroy();
  await closed;
}

async function answer(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://server').pathname;
  if (path.startsWith('/-/')) return control(state, path, request, response);
  state.requests.push({ method: request.method ?? '', path, range: request.headers.range });
  const faults = state.plan.faultsFor(path);
  const hang = find(faults, 'hang');
  if (hang?.when === 'before-head') return;
  const reset = find(faults, 'reset');
  if (reset !== undefined && reset.after === undefined) {
    request.socket.resetAndDestroy();
    return;
  }
  const instead = answerInstead(faults);
  if (instead !== undefined) {
    const text = Buffer.from(instead.text ?? '');
    response.writeHead(instead.status, { ...instead.headers, 'Content-Length': text.length });
    response.end(request.method === 'HEAD' ? undefined : text);
    return;
  }
  const content = await openContent(state.root, path, faults);
  if (content === undefined) {
    response.writeHead(404, { 'Content-Length': 9 }).end(request.method === 'HEAD' ? '' : 'not found');
    return;
  }
  try {
    await sendContent(state, { request, response, faults, content });
  } finally {
    await content.close();
  }
}

function answerInstead(
  faults: readonly Fault[],
): { status: number; headers?: Readonly<Record<string, string>>; text?: string } | undefined {
  const redirect = find(faults, 'redirect');
  if (redirect !== undefined) return { status: redirect.status ?? 302, headers: { Location: redirect.to } };
  return find(faults, 'status');
}

type Sending = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly faults: readonly Fault[];
  readonly content: Content;
};

async function sendContent(state: State, sending: Sending): Promise<void> {
  const { request, response, faults, content } = sending;
  const wanted = find(faults, 'ignore-ranges') ? undefined : request.headers.range;
  const part = parseRange(wanted, content.size);
  if (part === 'unsatisfiable') {
    response.writeHead(416, { 'Content-Range': `bytes */${content.size}`, 'Content-Length': 0 }).end();
    return;
  }
  const { start, end } = part ?? { start: 0, end: content.size };
  response.writeHead(
    part === undefined ? 200 : 206,
    headOf(sending, { start, end, isPart: part !== undefined }),
  );
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  response.flushHeaders();
  if (find(faults, 'hang')?.when === 'after-head') return;
  await sendBody(state, sending, { start, end });
}

function headOf({ faults, content }: Sending, { start, end, isPart }: Part & { readonly isPart: boolean }) {
  const extra = find(faults, 'extra');
  const shift = find(faults, 'wrong-content-range')?.shift ?? 0;
  const head: Record<string, string | number> = {
    'Content-Type': 'application/octet-stream',
    'Accept-Ranges': 'bytes',
  };
  if (find(faults, 'no-length') === undefined)
    head['Content-Length'] = end - start + (extra?.promised ? extra.bytes : 0);
  if (isPart) head['Content-Range'] = `bytes ${start + shift}-${end - 1 + shift}/${content.size}`;
  const encoding = find(faults, 'encoding');
  if (encoding !== undefined) head['Content-Encoding'] = encoding.name;
  return head;
}

const pieceLength = 64 * 1024;
/** A throttled body goes out this often a second, in equal pieces. */
const pulses = 50;

async function sendBody(
  state: State,
  { response, faults, content }: Sending,
  { start, end }: Part,
): Promise<void> {
  const stopAfter = bytesBeforeTrouble(faults);
  const rate = find(faults, 'slow')?.bytesPerSecond;
  const longest =
    rate === undefined ? pieceLength : Math.max(1, Math.min(pieceLength, Math.ceil(rate / pulses)));
  const began = performance.now();
  for (let position = start; position < end; ) {
    const sent = position - start;
    if (sent >= stopAfter) return makeTrouble(faults, response);
    const piece = await content.read(position, Math.min(longest, end - position, stopAfter - sent));
    await write(state, response, piece);
    position += piece.length;
    if (rate !== undefined) await waitUntil(state, began + ((position - start) * 1000) / rate);
  }
  if (end - start >= stopAfter) return makeTrouble(faults, response);
  await finishBody(state, response, faults);
}

async function finishBody(state: State, response: ServerResponse, faults: readonly Fault[]): Promise<void> {
  const extra = find(faults, 'extra');
  const more = Buffer.alloc(extra?.bytes ?? 0, 'x');
  const isInBody = extra?.promised === true || find(faults, 'no-length') !== undefined;
  if (isInBody) await write(state, response, more);
  const { socket } = response;
  response.end();
  // Bytes that the head did not promise go past the HTTP layer of Node, which would not send them.
  if (!isInBody && more.length > 0) socket?.write(more);
}

function bytesBeforeTrouble(faults: readonly Fault[]): number {
  const hang = find(faults, 'hang');
  const limits = [
    hang?.when === 'in-body' ? (hang.after ?? 0) : undefined,
    find(faults, 'truncate')?.after,
    find(faults, 'reset')?.after,
  ];
  return Math.min(...limits.map((limit) => limit ?? Number.POSITIVE_INFINITY));
}

function makeTrouble(faults: readonly Fault[], response: ServerResponse): void {
  if (find(faults, 'reset') !== undefined) response.socket?.resetAndDestroy();
  else if (find(faults, 'truncate') !== undefined) response.socket?.end();
}

async function write(state: State, response: ServerResponse, bytes: Buffer): Promise<void> {
  if (bytes.length === 0) return;
  state.bodyBytes += bytes.length;
  await new Promise<void>((done, failed) => {
    const leave = () => failed(new Error('the client went away'));
    response.once('close', leave);
    response.write(bytes, (error) => {
      response.off('close', leave);
      if (error) failed(error);
      else done();
    });
  });
}

async function waitUntil(state: State, time: number): Promise<void> {
  const pause = time - performance.now();
  if (pause > 1) await sleep(pause, undefined, { signal: state.stopping.signal });
}

async function control(
  state: State,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (path === '/-/rules' && request.method === 'PUT') {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    state.plan = planFaults(JSON.parse(String(Buffer.concat(pieces))) as FaultRule[]);
    response.end('{}');
  } else response.end(JSON.stringify({ ...countersOf(state), seen: state.requests }));
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rules: { type: 'string', default: '[]' }, port: { type: 'string', default: '0' } },
  });
  const [directory] = positionals;
  if (directory === undefined) throw new Error('usage: fault-server.ts DIR [--rules JSON] [--port PORT]');
  const rules = JSON.parse(values.rules) as FaultRule[];
  const server = await startFaultServer(directory, rules, { port: Number(values.port) });
  process.stdout.write(`${server.url}\n`);
}
