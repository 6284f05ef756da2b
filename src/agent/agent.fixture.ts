/** A laptop in a temporary folder with a clock of its own, and a theft-deterrence server that it asks: for the tests of this folder. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { makeOatsAnswer, type OatsAnswer } from '../advice/oats-answer.ts';
import { type OatsRequest, parseOatsRequest } from '../advice/oats-request.ts';
import { oatsSign } from '../advice/oats-sign.ts';
import type { MessageCode, MessageParameters } from '../base/catalogue.ts';
import { emptyDevice } from '../device/device.fixture.ts';
import type { DeviceLayout } from '../device/layout.ts';
import { type Laptop, laptop, laptopTime } from '../lease/laptop.ts';
import { makePermission } from '../lease/make.ts';
import { signerOfKey } from '../lease/signer.ts';
import type { Agent } from './agent.ts';

export const day = 86_400_000;

/** The laptop of all tests. */
export const mine: Laptop = laptop('SHC00000001:1273E0EC-AEF1-9FF6-45B2-FB706DC24B8D');

/** Another one. */
export const other: Laptop = laptop('SHC00000002:1273E0EC-AEF1-9FF6-45B2-FB706DC24B8E');

/** A key as the laptops' programs have them. */
export type TestKey = { readonly privateKey: KeyObject; readonly publicKey: KeyObject; readonly der: Buffer };

/** Makes a key. */
export function testKey(): TestKey {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicKey = createPublicKey(privateKey.export({ type: 'pkcs1', format: 'pem' }));
  return { privateKey, publicKey, der: publicKey.export({ type: 'pkcs1', format: 'der' }) };
}

/** Signs leases, and the answers of the deployment's server; nobody knows the third. */
export const keys = { lease: testKey(), server: testKey(), stranger: testKey() };

/** A lease with its line feed. */
export function leaseUntil(
  ends: number,
  { of = mine, by = keys.lease, isBound = false }: { of?: Laptop; by?: TestKey; isBound?: boolean } = {},
): Promise<string> {
  return makePermission(of, {
    type: 'act01',
    disposition: 'K',
    expiry: laptopTime(ends),
    signer: signerOfKey(by.privateKey),
    isBound,
  });
}

/** A laptop, and what a test can do to it. */
export type TestLaptop = {
  readonly layout: DeviceLayout;
  readonly agent: Agent;
  readonly said: { code: MessageCode; parameters: MessageParameters }[];
  /** What its clock says. */
  clock: number;
  /** Milliseconds since it was switched on. */
  uptime: number;
  boot: string;
  /** Switches it off for a while. */
  off(milliseconds: number): void;
  /** Lets it run for a while. */
  on(milliseconds: number): void;
  /** Writes a file below its root. */
  write(path: string, content: string | Uint8Array): void;
};

/** A laptop that its maker gave a serial number and the keys; it asks nobody but `server`. */
export function testLaptop(
  context: TestContext,
  { server, now = Date.UTC(2026, 2, 2, 8) }: { readonly server?: string; readonly now?: number } = {},
): TestLaptop {
  const layout = emptyDevice(context);
  const said: TestLaptop['said'] = [];
  const state = { clock: now, uptime: 3600_000, boot: 'boot 1', boots: 1 };
  const write = (path: string, content: string | Uint8Array) => {
    const file = join(layout.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  };
  write('ofw/mfg-data/SN', `${mine.serial}\0`);
  write('ofw/mfg-data/U#', `${mine.uuid}\0`);
  write('ofw/mfg-data/a1', keys.lease.der);
  write('ofw/mfg-data/t1', keys.server.der);
  write('etc/oats-ignore-xs', '');
  write('etc/oats-server', server === undefined ? '127.0.0.1:1' : new URL(server).host);
  return {
    layout,
    said,
    write,
    get clock() {
      return state.clock;
    },
    set clock(value) {
      state.clock = value;
    },
    get uptime() {
      return state.uptime;
    },
    set uptime(value) {
      state.uptime = value;
    },
    get boot() {
      return state.boot;
    },
    set boot(value) {
      state.boot = value;
    },
    off(milliseconds) {
      state.clock += milliseconds;
      state.boots += 1;
      state.boot = `boot ${state.boots}`;
      // Longer than what each boot waits so that not all ask at once.
      state.uptime = 3600_000;
    },
    on(milliseconds) {
      state.clock += milliseconds;
      state.uptime += milliseconds;
    },
    agent: {
      layout,
      clock: () => state.clock,
      uptime: () => ({ boot: state.boot, uptime: state.uptime }),
      random: () => 0.5,
      ask: async () => undefined,
      reporter: {
        progress() {},
        notice: (code, parameters = {}) => said.push({ code, parameters }),
      },
      language: 'en',
      patience: 5000,
      watchEvery: 10,
      signal: new AbortController().signal,
    },
  };
}

/** What a server answers, beside the nonce. */
export type Answering = Omit<OatsAnswer, 'nonce'>;

/** A theft-deterrence server on the loopback interface. */
export type TestServer = {
  readonly url: string;
  readonly asked: OatsRequest[];
  /** What it answers from now on; `undefined`: status 503. */
  answer: ((request: OatsRequest) => Promise<Answering | undefined>) | undefined;
  /** Who signs. */
  key: TestKey;
  /** Changes the bytes that it sends. */
  spoil: (body: Buffer) => Buffer;
  /** A proof of work that it wants first. */
  challenge: string | undefined;
  readonly stamps: string[];
};

/** Starts a server that goes with the test. */
export async function testServer(context: TestContext): Promise<TestServer> {
  const asked: OatsRequest[] = [];
  const stamps: string[] = [];
  const server: Server = createServer((request, response) => {
    void (async () => {
      const pieces: Buffer[] = [];
      for await (const piece of request) pieces.push(piece as Buffer);
      const stamp = request.headers.authorization;
      if (running.challenge !== undefined && stamp === undefined) {
        response.writeHead(401, { 'WWW-Authenticate': running.challenge }).end();
        return;
      }
      if (stamp !== undefined) stamps.push(stamp);
      const question = parseOatsRequest(Buffer.concat(pieces));
      asked.push(question);
      const answer = request.url === '/antitheft/1/' ? await running.answer?.(question) : undefined;
      if (answer === undefined) {
        response.writeHead(503).end();
        return;
      }
      const sign = oatsSign(signerOfKey(running.key.privateKey));
      const body = running.spoil(await makeOatsAnswer({ ...answer, nonce: question.nonce }, sign));
      response.writeHead(200, { 'Content-Length': body.length }).end(body);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const running: TestServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    asked,
    answer: undefined,
    key: keys.server,
    spoil: (body) => body,
    challenge: undefined,
    stamps,
  };
  return running;
}
