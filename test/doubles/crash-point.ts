/**
 * Loaded before the program (`node --import`): numbers every call at the system border that changes something
 * below one folder, in all threads together, and ends the process or lets the call fail at the point that the
 * environment names. See `crash-order.ts`. Covers the functions of `node:fs` in their three forms, the methods
 * of its file handles, and the foreign functions.
 */
import fs from 'node:fs';
import Module, { syncBuiltinESMExports } from 'node:module';
import { constants } from 'node:os';
import process from 'node:process';
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';
import { type CrashOrder, crashVariable, type LoggedCall } from './crash-order.ts';

type Operation = (this: unknown, ...values: unknown[]) => unknown;
type Operations = Record<string, Operation>;

/** Where a call's paths stand among its arguments; `fd`: its first argument is an open file. */
type Shape = { readonly paths: readonly number[] } | { readonly fd: true };

const onePath: Shape = { paths: [0] };
const twoPaths: Shape = { paths: [0, 1] };
const opened: Shape = { fd: true };

/** The functions of `node:fs` that change something, by the name without `Sync`. */
const fsCalls: Readonly<Record<string, Shape>> = {
  chmod: onePath,
  chown: onePath,
  copyFile: twoPaths,
  cp: twoPaths,
  fchmod: opened,
  fchown: opened,
  fdatasync: opened,
  fsync: opened,
  ftruncate: opened,
  futimes: opened,
  lchmod: onePath,
  lchown: onePath,
  link: twoPaths,
  lutimes: onePath,
  mkdir: onePath,
  mkdtemp: onePath,
  open: onePath,
  rename: twoPaths,
  rm: onePath,
  rmdir: onePath,
  symlink: { paths: [1] },
  truncate: onePath,
  unlink: onePath,
  utimes: onePath,
  write: opened,
  writev: opened,
};

const handleMethods: Readonly<Record<string, string>> = {
  chmod: 'fchmod',
  chown: 'fchown',
  datasync: 'fdatasync',
  sync: 'fsync',
  truncate: 'ftruncate',
  utimes: 'futimes',
  write: 'write',
  writev: 'writev',
};

const foreignCalls: Readonly<Record<string, Shape>> = {
  mknod: onePath,
  __xmknod: { paths: [1] },
  lsetxattr: onePath,
  lremovexattr: onePath,
  fsetxattr: opened,
  utimensat: { paths: [1] },
  futimens: opened,
  fallocate: opened,
  syncfs: opened,
  flock: opened,
  renameat2: { paths: [1, 3] },
};

/** What a full disk refuses. */
const needsSpace = new Set(
  'copyFile cp link mkdir mkdtemp open symlink write writev mknod __xmknod lsetxattr fsetxattr'.split(' '),
);

const order = JSON.parse(process.env[crashVariable] ?? '{}') as CrashOrder;
const { readlinkSync, writeSync, openSync } = fs;
const logFile = order.log === undefined ? undefined : openSync(order.log, 'a');

/** [times that the ordered point was reached, 1 once the disk is full], shared by all threads. */
const shared = sharedCounters();

function sharedCounters(): Int32Array {
  const key = crashVariable;
  if (isMainThread) setEnvironmentData(key, new SharedArrayBuffer(8) as never);
  return new Int32Array(getEnvironmentData(key) as unknown as SharedArrayBuffer);
}

type Call = LoggedCall & { readonly isHit: boolean };

/** What is about to be called, or undefined when it is none of the order's business. */
function callOf(call: string, paths: readonly string[]): Call | undefined {
  if (!paths.some((path) => path.startsWith(`${order.root}/`))) return undefined;
  const places = paths.map((path) =>
    path
      .replace(`${order.root}/`, '')
      .replace(/[0-9a-f]{10,}/g, '#')
      // The folder of one run: see openRunFolder.
      .replace(/(\/bundle-deltas\.)[A-Za-z0-9]{6}/, '$1#')
      .replace(/^\/proc\/self\/fd\/\d+$/, '#'),
  );
  const label = `${call} ${places.join(' ')}`;
  const isHit = label === order.at?.label && Atomics.add(shared, 0, 1) + 1 === order.at.occurrence;
  return { moment: 'begin', label, call, paths, isHit };
}

function log({ label, call, paths }: Call, moment: LoggedCall['moment']): void {
  if (logFile === undefined) return;
  writeSync(logFile, `${JSON.stringify({ moment, label, call, paths } satisfies LoggedCall)}\n`);
}

/** Before the call: ends the process, or names the error that the call has to fail with. */
function enter(call: Call): 'ENOSPC' | 'EIO' | undefined {
  log(call, 'begin');
  const { at } = order;
  if (at === undefined) return undefined;
  if (call.isHit && 'end' in at && at.end === 'before') endProcess();
  if ('end' in at) return undefined;
  if (call.isHit && at.forGood) Atomics.store(shared, 1, 1);
  if (call.isHit) return at.fail;
  return needsSpace.has(call.call) && Atomics.load(shared, 1) === 1 ? at.fail : undefined;
}

/** After the call, also one that the system refused. */
function leave(call: Call, succeeded: boolean): void {
  if (succeeded) log(call, 'end');
  if (call.isHit && order.at !== undefined && 'end' in order.at) endProcess();
}

/** As a power cut or the kernel would: at once, in the middle of whatever other threads do. */
function endProcess(): never {
  process.kill(process.pid, 'SIGKILL');
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

const isHalf = (call: Call) =>
  call.isHit && order.at !== undefined && 'end' in order.at && order.at.end === 'half';

/** The arguments of a write from its buffer on, cut to half of its bytes. */
function halved(values: readonly unknown[], buffer: number): unknown[] {
  const value = values[buffer];
  if (typeof value === 'string') return values.with(buffer, value.slice(0, value.length >> 1));
  const next = values[buffer + 1];
  const position = typeof next === 'object' && next !== null ? next : undefined;
  const offset = typeof next === 'number' ? next : 0;
  const given = values[buffer + 2];
  const length = typeof given === 'number' ? given : (value as Uint8Array).byteLength - offset;
  const rest = position === undefined ? [values[buffer + 3]] : [];
  return [...values.slice(0, buffer + 1), offset, length >> 1, ...rest];
}

function systemFailure(code: 'ENOSPC' | 'EIO', { call, paths }: Call): Error {
  const errno = constants.errno[code];
  const reason = code === 'ENOSPC' ? 'no space left on device' : 'i/o error';
  const [path] = paths;
  return Object.assign(new Error(`${code}: ${reason}, ${call} '${path}'`), {
    code,
    errno: -errno,
    syscall: call,
    path,
  });
}

/** The call that a function of `node:fs` is about to make. */
function fsCall(name: string, shape: Shape, values: readonly unknown[]): Call | undefined {
  if (name === 'open' && !changesByOpening(values[1])) return undefined;
  if ('fd' in shape) return callOf(name, [pathOfDescriptor(values[0] as number)]);
  return callOf(
    name,
    shape.paths.map((index) => pathText(values[index])),
  );
}

function changesByOpening(flags: unknown): boolean {
  if (typeof flags === 'string') return flags !== 'r' && flags !== 'rs';
  const { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC } = fs.constants;
  return typeof flags === 'number' && (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) !== 0;
}

function pathOfDescriptor(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`, 'latin1').replace(/ \(deleted\)$/, '');
  } catch {
    return '';
  }
}

function pathText(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1').replace(/\0$/, '');
  return Buffer.from(String(value)).toString('latin1');
}

function patchFs(): void {
  const all = fs as unknown as Operations;
  const promises = fs.promises as unknown as Operations;
  for (const [name, shape] of Object.entries(fsCalls)) {
    const find = (values: readonly unknown[]) => fsCall(name, shape, values);
    const buffer = name === 'write' ? 1 : undefined;
    if (all[`${name}Sync`]) all[`${name}Sync`] = syncForm(all[`${name}Sync`]!, find, buffer);
    if (all[name]) all[name] = callbackForm(all[name]!, find);
    if (promises[name] && !('fd' in shape)) promises[name] = promiseForm(promises[name]!, find);
  }
  all.writeFileSync = writeWholeSync;
  promises.writeFile = writeWhole(promises.writeFile!);
}

function syncForm(
  original: Operation,
  find: (values: readonly unknown[]) => Call | undefined,
  buffer: number | undefined,
): Operation {
  return function (...values) {
    const call = find(values);
    if (call === undefined) return original.apply(this, values);
    const failure = enter(call);
    if (failure !== undefined) throw systemFailure(failure, call);
    const given = buffer !== undefined && isHalf(call) ? halved(values, buffer) : values;
    let succeeded = false;
    try {
      const result = original.apply(this, given);
      succeeded = true;
      return result;
    } finally {
      leave(call, succeeded);
    }
  };
}

function callbackForm(
  original: Operation,
  find: (values: readonly unknown[]) => Call | undefined,
): Operation {
  return function (...values) {
    const call = find(values);
    const done = values.at(-1);
    if (call === undefined || typeof done !== 'function') return original.apply(this, values);
    const failure = enter(call);
    if (failure !== undefined) {
      setImmediate(() => done(systemFailure(failure, call)));
      return undefined;
    }
    return original.apply(this, [
      ...values.slice(0, -1),
      (error: unknown, ...results: unknown[]) => {
        leave(call, !error);
        done(error, ...results);
      },
    ]);
  };
}

function promiseForm(original: Operation, find: (values: readonly unknown[]) => Call | undefined): Operation {
  return async function (this: unknown, ...values) {
    const call = find(values);
    if (call === undefined) return original.apply(this, values);
    const failure = enter(call);
    if (failure !== undefined) throw systemFailure(failure, call);
    const given = call.call === 'write' && isHalf(call) ? halved(values, 0) : values;
    let succeeded = false;
    try {
      const result = await original.apply(this, given);
      succeeded = true;
      return result;
    } finally {
      leave(call, succeeded);
    }
  };
}

/** `writeFileSync` is several calls for the kernel, so it is made of several here. */
function writeWholeSync(file: unknown, data: unknown, options: unknown): void {
  const { flag = 'w', mode = 0o666 } = optionsOf(options);
  const fd = typeof file === 'number' ? file : fs.openSync(file as string, flag, mode);
  try {
    const bytes = typeof data === 'string' ? Buffer.from(data) : (data as Uint8Array);
    for (let written = 0; written < bytes.length; )
      written += fs.writeSync(fd, bytes, written, bytes.length - written);
  } finally {
    if (typeof file !== 'number') fs.closeSync(fd);
  }
}

/** The same for `promises.writeFile`, as long as it is given a path and bytes. */
function writeWhole(original: Operation): Operation {
  return async function (this: unknown, ...values) {
    const [file, data, options] = values;
    const isSimple = typeof file === 'string' && (typeof data === 'string' || data instanceof Uint8Array);
    if (!isSimple) return original.apply(this, values);
    const { flag = 'w', mode = 0o666 } = optionsOf(options);
    const handle = await fs.promises.open(file, flag, mode);
    try {
      const bytes = typeof data === 'string' ? Buffer.from(data) : data;
      for (let written = 0; written < bytes.length; )
        written += (await handle.write(bytes, written, bytes.length - written)).bytesWritten;
    } finally {
      await handle.close();
    }
  };
}

function optionsOf(options: unknown): { flag?: string; mode?: number } {
  return typeof options === 'object' && options !== null ? options : {};
}

async function patchHandles(): Promise<void> {
  const handle = await fs.promises.open('/dev/null', 'r');
  const methods = Object.getPrototypeOf(handle) as Operations;
  await handle.close();
  for (const [method, name] of Object.entries(handleMethods)) {
    const original = methods[method];
    if (original === undefined) throw new Error(`file handles have no ${method}`);
    methods[method] = function (this: unknown, ...values) {
      const { fd } = this as fs.promises.FileHandle;
      return promiseForm(original, () => callOf(name, [pathOfDescriptor(fd)])).apply(this, values);
    };
  }
}

type Foreign = Operation & { async: Operation };
type Library = { func: (...values: unknown[]) => Foreign };
type Koffi = { load: (...values: unknown[]) => Library; errno: (value?: number) => number };

/** Foreign functions are wrapped when the program asks for the library, not before: loading it takes time. */
function patchForeign(): void {
  const loader = Module as unknown as { _load: (...values: unknown[]) => unknown };
  const load = loader._load;
  let wrapped: Koffi | undefined;
  loader._load = function (this: unknown, ...values: unknown[]) {
    const loaded = load.apply(this, values);
    if (values[0] !== 'koffi') return loaded;
    wrapped ??= wrapKoffi(loaded as Koffi);
    return wrapped;
  };
}

function wrapKoffi(koffi: Koffi): Koffi {
  return {
    ...koffi,
    load(...values) {
      const library = koffi.load(...values);
      return {
        func(...definition) {
          const original = library.func(...definition);
          const name = /(\w+)\s*\(/.exec(String(definition[0]))?.[1] ?? '';
          const shape = foreignCalls[name];
          return shape === undefined ? original : wrapForeign(koffi, original, name, shape);
        },
      };
    },
  };
}

function wrapForeign(koffi: Koffi, original: Foreign, name: string, shape: Shape): Foreign {
  const find = (values: readonly unknown[]) => fsCall(name, shape, values);
  const wrapper: Operation = (...values) => {
    const call = find(values);
    if (call === undefined) return original(...values);
    const failure = enter(call);
    if (failure !== undefined) {
      koffi.errno(constants.errno[failure]);
      return -1;
    }
    const result = original(...values);
    const errno = koffi.errno();
    leave(call, result === 0);
    koffi.errno(errno);
    return result;
  };
  return Object.assign(wrapper, { async: callbackForm(original.async, find) });
}

if (order.root !== undefined) {
  patchFs();
  await patchHandles();
  syncBuiltinESMExports();
  patchForeign();
}
