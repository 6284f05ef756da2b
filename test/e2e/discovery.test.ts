/**
 * How a device finds its place: by multicast DNS over a cable between two machines that has nothing else in it, by the
 * host name, by a set address; and what it does where others answer, or nobody.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { UpdateResult } from '../../src/device/update.ts';
import { type Cable, layCable, type Machine } from '../doubles/network.ts';
import { done, doneWith, type RunningServer, refused, serve } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { when } from '../doubles/when.ts';

const scratch = scratchFolder('discovery');
const ours = scratch.file('ours');
const others = scratch.file('others');
let rootHash = '';
let cable: Cable;
let running: RunningServer[] = [];

/** Serves a repository to the whole cable until the test is over. */
async function serveCable(repository: string, port: number, ...words: string[]): Promise<RunningServer> {
  const { wrapper } = cable.server;
  const server = await serve(repository, { listen: `0.0.0.0:${port}`, wrapper, words });
  running.push(server);
  return server;
}

/** The same, and waits until it can be found. */
async function serveFound(repository: string, port: number): Promise<void> {
  await serveCable(repository, port);
  await untilAdvertised(port);
}

/** Waits until the server at this port answers by multicast: it first listens whether its name is free. */
async function untilAdvertised(port: number): Promise<void> {
  const program = `
    const mdns = require(process.argv[1])({ interface: process.argv[2], bind: '0.0.0.0' });
    const ask = () => mdns.query('_satchel._tcp.local', 'PTR');
    mdns.on('response', ({ answers, additionals }) => {
      for (const { type, data } of [...answers, ...additionals])
        if (type === 'SRV' && data.port === Number(process.argv[3])) process.exit();
    });
    mdns.on('ready', ask);
    setInterval(ask, 100);`;
  const child = runAt(cable.client, program, multicastDns, cable.client.address, String(port));
  const [code] = await once(child, 'close');
  assert.equal(code, 0);
}

const packages = new URL('../../node_modules/', import.meta.url).pathname;
const multicastDns = join(packages, 'multicast-dns');
const dnsPacket = join(packages, 'dns-packet');

/** Runs a few lines of JavaScript at one end. */
function runAt({ wrapper }: Machine, program: string, ...words: string[]): ChildProcess {
  const [nsenter, ...rest] = [...wrapper, process.execPath, '-e', program, ...words] as [string, ...string[]];
  return spawn(nsenter, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
}

const onCable = () => ({ wrapper: cable.client.wrapper });

/** A device that looks for its place, at the other end. */
async function newDevice(name: string, ...words: string[]): Promise<{ root: string; stderr: string }> {
  const root = scratch.file(name);
  const init = ['device', 'init', '--root', root, '--source', 'auto', ...words];
  const { stderr } = await doneWith(init, onCable());
  return { root, stderr };
}

const update = (root: string) => doneWith<UpdateResult>(['update', '--root', root], onCable());

before(async () => {
  for (const repository of [ours, others]) {
    const { rootSha256 } = await done<{ rootSha256: string }>(['init', '--repo', repository]);
    if (repository === ours) rootHash = rootSha256;
    const tree = `${repository}-tree`;
    mkdirSync(tree);
    writeFileSync(join(tree, 'file'), repository);
    await done(['publish', '--repo', repository, '--name', 'os-1', tree]);
  }
});

beforeEach(async () => {
  cable = await layCable();
  running = [];
});

async function clear(): Promise<void> {
  await Promise.all(running.map((server) => server.stop()));
  await cable.close();
}

after(() => scratch.remove());

describe('by multicast', () => {
  test('a device finds its place, updates, and asks no more than it would with an address', async (context) => {
    context.after(clear);
    await serveFound(ours, 8471);
    const { root, stderr } = await newDevice('found', '--trust', rootHash);
    assert.match(stderr, /Asking http:\/\/10\.66\.0\.1:8471\./);
    assert.equal((await update(root)).report.build, 'os-1');
    const { report } = await update(root);
    assert.deepEqual([report.plan, report.requests], ['none', 2]);
  });

  test('another organisation that answers is passed over', async (context) => {
    context.after(clear);
    await serveFound(others, 8472);
    await serveFound(ours, 8471);
    const { root } = await newDevice('among-others', '--trust', rootHash);
    const { report, stderr } = await update(root);
    assert.equal(report.build, 'os-1');
    assert.doesNotMatch(stderr, /8472/, 'what says that it is somebody else is not even asked');
    const untold = scratch.file('untold');
    const words = ['device', 'init', '--root', untold, '--source', 'auto', '--trust-on-first-use'];
    const refusal = await refused(words, onCable());
    assert.deepEqual([refusal.exitCode, refusal.code], [4, 'places-of-several']);
  });

  test('packets that nobody understands end neither the server nor the device', async (context) => {
    context.after(clear);
    await serveFound(ours, 8471);
    const stop = await sendNonsense();
    try {
      const { root } = await newDevice('in-noise', '--trust', rootHash);
      assert.equal((await update(root)).report.build, 'os-1');
    } finally {
      await stop();
    }
    const [server] = running.splice(0);
    assert.equal((await server!.stop()).code, 0);
  });

  test('keys that have been replaced since do not hide the place', async (context) => {
    context.after(clear);
    const { root } = { root: scratch.file('rotated') };
    await done(['device', 'init', '--root', root, '--source', ours, '--trust', rootHash]);
    await done(['update', '--root', root]);
    await done(['keys', 'rotate', 'root', '--repo', ours]);
    await done(['device', 'set', '--root', root, '--source', 'auto']);
    await done(['update', '--root', root, '--source', ours]);
    await serveFound(others, 8472);
    await serveFound(ours, 8471);
    const { report, stderr } = await update(root);
    assert.equal(report.plan, 'none');
    assert.match(stderr, /^Asking http:\/\/10\.66\.0\.1:8471\.$/m);
    assert.doesNotMatch(stderr, /8472/);
  });
});

describe('where multicast does not work', () => {
  test('the operator of the server is told once, and devices with its address are served', async (context) => {
    context.after(clear);
    const free = await occupyMulticast(cable.server);
    context.after(free);
    const server = await serveCable(ours, 8471);
    const told = () => server.log().match(/^.*\(UDP port 5353\).*$/gm) ?? [];
    await when(() => told().length > 0, server.ended);
    const { root } = await newDevice('told', '--trust', rootHash, '--address', 'http://10.66.0.1:8471');
    assert.equal((await update(root)).report.build, 'os-1');
    assert.equal((await server.stop()).code, 0);
    assert.equal(told().length, 1, server.log());
    assert.match(
      told()[0]!,
      /^Devices cannot find this server .* \(UDP port 5353\): address already in use \(EADDRINUSE\)$/,
    );
  });

  test('the host schoolserver is asked', async (context) => {
    context.after(clear);
    const free = await occupyMulticast(cable.client);
    context.after(free);
    await serveCable(ours, 8400, '--no-advertise');
    const hosts = scratch.file('hosts');
    writeFileSync(hosts, `127.0.0.1 localhost\n${cable.server.address} schoolserver\n`);
    const root = scratch.file('by-name');
    const wrapper = [
      ...cable.client.wrapper,
      ...['unshare', '--mount', 'sh', '-c', `mount --bind ${hosts} /etc/hosts && exec "$@"`, 'sh'],
    ];
    await done(['device', 'init', '--root', root, '--source', 'auto', '--trust', rootHash], { wrapper });
    const { stderr } = await doneWith(['update', '--root', root], { wrapper });
    assert.match(stderr, /Asking http:\/\/schoolserver:8400\./);
  });

  test('a set address is asked, before all else', async (context) => {
    context.after(clear);
    await serveFound(others, 8472);
    await serveFound(ours, 8471);
    const at = (port: number) => ['--address', `http://${cable.server.address}:${port}`];
    const { root } = await newDevice('by-address', '--trust', rootHash, ...at(8473), ...at(8471));
    const free = await occupyMulticast(cable.client);
    assert.match((await update(root)).stderr, /Asking http:\/\/10\.66\.0\.1:8471\./);
    await free();
    await done(['device', 'set', '--root', root, ...at(8472)]);
    const { report, stderr } = await update(root);
    assert.equal(report.plan, 'none');
    assert.match(
      stderr,
      /:8472 is passed over: .* another organisation .*\n(.*\n)*Asking http:\/\/10\.66\.0\.1:8471\./,
    );
    const cleared = await done(['device', 'set', '--root', root, '--address', 'none']);
    assert.deepEqual(cleared.addresses, []);
  });

  test('where nobody is, one sentence says so', async (context) => {
    context.after(clear);
    await serveFound(ours, 8471);
    const { root } = await newDevice('alone', '--trust', rootHash);
    await update(root);
    await Promise.all(running.splice(0).map((server) => server.stop()));
    const refusal = await refused(['update', '--root', root], onCable());
    assert.deepEqual([refusal.exitCode, refusal.code], [1, 'place-not-found']);
    const noNetwork = { wrapper: ['unshare', '--net', '--'] };
    assert.equal((await refused(['update', '--root', root], noNetwork)).code, 'place-not-found');
    assert.equal((await done(['update', '--root', root, '--source', ours])).plan, 'none');
  });
});

/** Takes the port of multicast DNS at one end for itself alone, until it is called back. */
async function occupyMulticast(at: Machine): Promise<() => Promise<void>> {
  const program = `
    const socket = require('node:dgram').createSocket('udp4');
    socket.bind(5353, () => console.log('taken'));`;
  return endOf(runAt(at, program));
}

/** Waits for its first line; what is given ends it. */
async function endOf(child: ChildProcess): Promise<() => Promise<void>> {
  const ended = once(child, 'close');
  await once(createInterface({ input: child.stdout! }), 'line');
  return async () => {
    child.kill();
    await ended;
  };
}

/** Sends packets of all kinds from the client's end until it is stopped: bytes of chance, and answers gone wrong. */
async function sendNonsense(): Promise<() => Promise<void>> {
  const program = `
    const socket = require('node:dgram').createSocket({ type: 'udp4', reuseAddr: true });
    const packet = require(process.argv[1]);
    const service = '_satchel._tcp.local';
    const name = 'odd.' + service;
    const answers = [
      [{ type: 'PTR', name: service, ttl: 1, data: name }],
      [{ type: 'PTR', name: service, ttl: 1, data: name }, { type: 'SRV', name, ttl: 1, data: { port: 0, target: '' } }],
      [{ type: 'PTR', name: service, ttl: 1, data: '' }, { type: 'SRV', name: '', ttl: 1, data: { port: 9, target: '.' } }],
      [{ type: 'PTR', name: service, ttl: 1, data: '__proto__' }, { type: 'SRV', name: '__proto__', ttl: 1, data: { port: 9, target: 'x' } }, { type: 'TXT', name: '__proto__', ttl: 1, data: ['__proto__=x', '=', 'path=../../x', 'org='] }],
    ];
    const messages = answers.map((list) => packet.encode({ type: 'response', answers: list }));
    messages.push(packet.encode({ type: 'query', questions: [{ type: 'ANY', name: '' }, { type: 'ANY', name: '__proto__' }] }));
    const send = () => {
      for (const message of messages) {
        const bent = Buffer.from(message);
        bent[Math.floor(Math.random() * bent.length)] = Math.floor(Math.random() * 256);
        for (const one of [message, bent, require('node:crypto').randomBytes(60)])
          socket.send(one, 5353, '224.0.0.251');
      }
    };
    socket.bind(0, () => {
      socket.setMulticastInterface(process.argv[2]);
      send();
      setInterval(send, 40);
      console.log('sending');
    });`;
  return endOf(runAt(cable.client, program, dnsPacket, cable.client.address));
}
