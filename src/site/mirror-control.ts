import { chmodSync, closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type MessageCode, type MessageParameters, messages } from '../base/catalogue.ts';
import { messageOf, SatchelError, systemErrorCode } from '../base/errors.ts';
import type { Progress, Reporter } from '../base/progress.ts';
import { systemError, withSystemErrors } from '../os/system-error.ts';
import type { SiteLayout } from './layout.ts';

/**
 * How a command asks the process that serves the site, since only that one may change it: a socket in the private
 * directory. One JSON object a line: the request, then `{"progress":…}` and `{"notice":…}` any number of times, at the
 * end `{"result":…}` or `{"error":{"code","parameters"}}`. Whoever goes away cancels what he asked for.
 */
export type ControlRequest =
  | { readonly do: 'sync'; readonly now: boolean; readonly deltasOnly: boolean }
  | { readonly do: 'plan'; readonly deltasOnly: boolean }
  | { readonly do: 'gc' }
  /** Makes room for so many bytes that are about to come from a stick. */
  | { readonly do: 'room'; readonly bytes: number }
  /** Writes down what the site has, for those above. */
  | { readonly do: 'tell' };

/** Does what is asked for. Throws SatchelError. */
export type ControlHandler = (
  request: ControlRequest,
  options: { readonly signal: AbortSignal; readonly reporter: Reporter },
) => Promise<unknown>;

/** The longest line that is read. */
const longestRequest = 4096;

/** The socket of a site. */
export function controlSocket({ directory }: Pick<SiteLayout, 'directory'>): string {
  return join(directory, 'control');
}

/**
 * Listens for requests; to be called by the process that holds the lock of the site. What a killed process left is
 * replaced. Call the answer to stop.
 */
export async function listenForRequests(
  layout: Pick<SiteLayout, 'directory'>,
  handle: ControlHandler,
): Promise<() => Promise<void>> {
  const path = controlSocket(layout);
  rmSync(path, { force: true });
  const way = wayTo(layout);
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    answer(socket, handle);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      way.close();
      reject(systemError(error, 'bind', path));
    });
    server.listen(way.path, resolve);
  });
  server.on('error', () => undefined);
  try {
    withSystemErrors('chmod', path, () => chmodSync(path, 0o600));
  } catch (error) {
    server.close(way.close);
    throw error;
  }
  return async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of open) socket.destroy();
    await closed;
    way.close();
    rmSync(path, { force: true });
  };
}

/** The kernel takes the path of a socket up to so many bytes. */
const longestPath = 100;

/** A way to the socket that the kernel takes, however long its path is; to be closed when the socket is. */
function wayTo(layout: Pick<SiteLayout, 'directory'>): { readonly path: string; close(): void } {
  const path = controlSocket(layout);
  if (Buffer.byteLength(path) <= longestPath) return { path, close() {} };
  const folder = withSystemErrors('open', layout.directory, () => openSync(layout.directory, 'r'));
  return { path: `/proc/self/fd/${folder}/control`, close: () => closeSync(folder) };
}

function answer(socket: Socket, handle: ControlHandler): void {
  const gone = new AbortController();
  socket.on('close', () => gone.abort());
  socket.on('error', () => undefined);
  let text = '';
  let isAsked = false;
  socket.setEncoding('utf8').on('data', (piece: string) => {
    if (isAsked) return;
    text += piece;
    const end = text.indexOf('\n');
    if (end < 0 && text.length <= longestRequest) return;
    isAsked = true;
    const request = requestOf(text.slice(0, Math.max(0, end)));
    if (request === undefined) socket.destroy();
    else void respond(socket, request, handle, gone.signal);
  });
}

async function respond(
  socket: Socket,
  request: ControlRequest,
  handle: ControlHandler,
  signal: AbortSignal,
): Promise<void> {
  const send = (line: object) => {
    if (!socket.destroyed) socket.write(`${JSON.stringify(line)}\n`);
  };
  // Progress that nobody reads is dropped instead of kept.
  const reporter: Reporter = {
    progress(progress) {
      if (!socket.writableNeedDrain) send({ progress });
    },
    notice: (code, parameters = {}) => send({ notice: { code, parameters } }),
  };
  try {
    send({ result: await handle(request, { signal, reporter }) });
  } catch (error) {
    const { code, parameters }: { code: string; parameters: MessageParameters } =
      error instanceof SatchelError
        ? error
        : { code: 'internal-error', parameters: { what: messageOf(error) } };
    send({ error: { code, parameters } });
  }
  socket.end();
}

function requestOf(line: string): ControlRequest | undefined {
  try {
    const { do: what, now, deltasOnly: only, bytes }: Record<string, unknown> = JSON.parse(line) ?? {};
    const deltasOnly = only === true;
    if (what === 'gc' || what === 'tell') return { do: what };
    if (what === 'room') return typeof bytes === 'number' && bytes >= 0 ? { do: 'room', bytes } : undefined;
    if (what === 'plan') return { do: 'plan', deltasOnly };
    return what === 'sync' ? { do: 'sync', now: now === true, deltasOnly } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Asks the process that serves the site; undefined when there is none. Throws what it threw, `site-server-gone`,
 * `cancelled`.
 */
export async function askServer<Result>(
  layout: Pick<SiteLayout, 'directory'>,
  request: ControlRequest,
  { signal, reporter }: { readonly signal: AbortSignal; readonly reporter: Reporter },
): Promise<{ readonly result: Result } | undefined> {
  const socket = await connect(layout);
  if (socket === undefined) return undefined;
  const stop = () => socket.destroy();
  signal.addEventListener('abort', stop);
  const lines = createInterface({ input: socket });
  // A connection that breaks is closed without an end, which the lines would wait for.
  socket.once('close', () => lines.close());
  try {
    if (signal.aborted) stop();
    socket.write(`${JSON.stringify(request)}\n`);
    for await (const line of lines) {
      const said: Said<Result> = JSON.parse(line);
      if (said.progress) reporter.progress(said.progress);
      if (said.notice) reporter.notice(codeOf(said.notice.code), said.notice.parameters);
      if (said.error) throw new SatchelError(codeOf(said.error.code), said.error.parameters);
      if ('result' in said) return { result: said.result as Result };
    }
  } catch (error) {
    if (error instanceof SatchelError) throw error;
    if (!signal.aborted) throw new SatchelError('site-server-gone', {}, { cause: error });
  } finally {
    signal.removeEventListener('abort', stop);
    socket.destroy();
  }
  throw new SatchelError(signal.aborted ? 'cancelled' : 'site-server-gone', {});
}

type Sentence = { readonly code: string; readonly parameters: MessageParameters };

type Said<Result> = {
  readonly progress?: Progress;
  readonly notice?: Sentence;
  readonly error?: Sentence;
  readonly result?: Result;
};

/** A server of another version may know other sentences. */
function codeOf(code: string): MessageCode {
  return Object.hasOwn(messages, code) ? (code as MessageCode) : 'site-server-gone';
}

/** A connection; undefined when nobody listens. */
async function connect(layout: Pick<SiteLayout, 'directory'>): Promise<Socket | undefined> {
  if (!existsSync(controlSocket(layout))) return undefined;
  const way = wayTo(layout);
  const socket = createConnection(way.path);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
  } catch (error) {
    if (['ENOENT', 'ECONNREFUSED', 'ENOTSOCK'].includes(systemErrorCode(error) ?? '')) return undefined;
    throw systemError(error, 'connect', controlSocket(layout));
  } finally {
    way.close();
  }
  socket.on('error', () => undefined);
  return socket;
}
