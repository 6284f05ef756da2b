import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { isSatchelError } from '../base/errors.ts';
import { type ActivationOptions, serveActivation } from './activation.ts';
import { parseActivationRequest } from './activation-request.ts';
import type { LeaseAnswer } from './office.ts';
import { leaseDirect } from './records.testkit.ts';

const serial = 'SHC00000001';
const reset = `rtcreset ${serial} 20110512T003512Z 0000000135`;

/** An office that has a lease for one laptop. */
const office: ActivationOptions['office'] = {
  async leaseFor(asked): Promise<LeaseAnswer> {
    if (asked.endsWith('2')) return { kind: 'stolen' };
    if (asked.endsWith('3')) throw new Error('a disk that is broken');
    if (asked.endsWith('4')) return new Promise(() => {});
    return asked === serial ? { kind: 'lease', lines: `${leaseDirect}\n` } : { kind: 'none' };
  },
  isStolen: async (asked) => asked.endsWith('2'),
  clockReset: async (asked, current, count) =>
    asked === serial ? `rtc01: ${current} ${count}\n` : undefined,
};

async function service(context: TestContext, options: Partial<ActivationOptions> = {}) {
  const address = { host: '127.0.0.1', port: 0 };
  const served = await serveActivation({ address, office, ...options });
  context.after(() => served.close());
  return { ...served, port: Number(served.address.split(':').at(-1)) };
}

/** What comes back until the other side ends; `talk` sends what is to be sent. */
function heard(socket: Socket, talk: (socket: Socket) => void): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let text = '';
  socket.on('data', (piece) => {
    text += piece.toString('latin1');
  });
  socket.on('error', () => {});
  socket.on('close', () => resolve(text));
  socket.on('connect', () => talk(socket));
  return promise;
}

function ask(port: number, request: string | Uint8Array, host = '127.0.0.1'): Promise<string> {
  return heard(connect({ port, host }), (socket) => socket.end(request));
}

describe('a laptop that asks at port 191', () => {
  test('gets its lease, STOLEN to the byte, or nothing', async (context) => {
    const stolen: string[] = [];
    const { port } = await service(context, { onRefused: (...told) => stolen.push(told.join(' ')) });
    assert.equal(await ask(port, serial), `${leaseDirect}\n`);
    assert.equal(await ask(port, `${serial}\n`), `${leaseDirect}\n`);
    assert.equal(await ask(port, 'SHC00000002'), 'STOLEN');
    assert.equal(await ask(port, 'SHC00000009'), '');
    assert.equal(await ask(port, reset), 'rtc01: 20110512T003512Z 135\n');
    assert.equal(await ask(port, reset.replace(serial, 'SHC00000002')), 'STOLEN');
    assert.equal(await ask(port, reset.replace(serial, 'SHC00000009')), '');
    const twice = 'SHC00000002 127.0.0.1 stolen';
    assert.deepEqual(stolen, [twice, 'SHC00000009 127.0.0.1 none', twice]);
  });

  test('may send its request in pieces, and keeps sending after a line feed', async (context) => {
    const { port } = await service(context);
    const inPieces = heard(connect({ port }), (socket) => {
      socket.write(serial.slice(0, 5));
      setImmediate(() => socket.end(serial.slice(5)));
    });
    assert.equal(await inPieces, `${leaseDirect}\n`);
    assert.equal(await heard(connect({ port }), (socket) => socket.write(`${serial}\n`)), `${leaseDirect}\n`);
  });

  test('gets nothing for what is no request, however long', async (context) => {
    const { port } = await service(context);
    const requests = [
      '',
      'shc00000001',
      `${serial} `,
      `rtcreset ${serial}`,
      reset.replace('0512', '0532'),
      `${reset}1`,
      `GET / HTTP/1.0\r\n\r\n`,
      Buffer.alloc(5_000_000, 'S'),
      Buffer.from([0, 1, 2, 255]),
      `${serial}\n${serial}\n`,
    ];
    for (const request of requests) assert.equal(await ask(port, request), '');
  });

  test('gets nothing when the office fails, and the next one is served', async (context) => {
    const failures: unknown[] = [];
    const { port } = await service(context, { onFailure: (error) => failures.push(error) });
    assert.equal(await ask(port, 'SHC00000003'), '');
    assert.match(String(failures[0]), /disk/);
    assert.equal(await ask(port, serial), `${leaseDirect}\n`);
  });

  test('is dropped when it does not ask, and when it goes nobody waits', async (context) => {
    const { port } = await service(context, { patience: 30 });
    assert.equal(await heard(connect({ port }), () => {}), '');
    assert.equal(await heard(connect({ port }), (socket) => socket.write(serial)), '');
    assert.equal(await ask(port, 'SHC00000004'), '', 'the office never answers');
    for (let i = 0; i < 20; i += 1)
      await heard(connect({ port }), (socket) => {
        socket.write(serial);
        socket.resetAndDestroy();
      });
    assert.equal(await ask(port, serial), `${leaseDirect}\n`);
  });
});

describe('the service', () => {
  test('answers laptops while others hold all connections and ask for nothing', async (context) => {
    const { port } = await service(context, { most: 8 });
    const silent = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const socket = connect({ port });
        socket.on('error', () => {});
        await new Promise((resolve) => socket.once('connect', resolve));
        return socket;
      }),
    );
    assert.equal(await ask(port, serial), `${leaseDirect}\n`);
    assert.equal(await ask(port, serial), `${leaseDirect}\n`);
    for (const socket of silent) socket.destroy();
  });

  test('answers on IPv4 and IPv6 where both are', async (context) => {
    const { port, address } = await service(context, { address: { host: '::', port: 0 } });
    assert.match(address, /^(?:\[::\]|0\.0\.0\.0):\d+$/);
    assert.equal(await ask(port, serial), `${leaseDirect}\n`);
    const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
      all?.some(({ address: one }) => one === '::1'),
    );
    if (hasIPv6) assert.equal(await ask(port, serial, '::1'), `${leaseDirect}\n`);
  });

  test('says that an address is taken or not ours', async (context) => {
    const { port } = await service(context);
    await assert.rejects(serveActivation({ address: { host: '127.0.0.1', port }, office }), (error) =>
      isSatchelError(error, 'activation-address-in-use'),
    );
    await assert.rejects(serveActivation({ address: { host: '192.0.2.1', port: 0 }, office }), (error) =>
      isSatchelError(error, 'activation-address-unavailable'),
    );
  });

  test('ends while laptops are connected', async () => {
    const { address, close } = await serveActivation({ address: { host: '127.0.0.1', port: 0 }, office });
    const { promise: connected, resolve } = Promise.withResolvers<void>();
    const waiting = heard(connect({ port: Number(address.split(':')[1]) }), () => resolve());
    await connected;
    await close();
    assert.equal(await waiting, '');
  });
});

test('requests are read as they were written, and nothing else is one', () => {
  fc.assert(
    fc.property(fc.nat(0xffffffff), fc.nat(9_999_999_999), (number, count) => {
      const of = `CSN${number.toString(16).toUpperCase().padStart(8, '0')}`;
      assert.deepEqual(parseActivationRequest(of), { kind: 'lease', serial: of });
      const current = '00000000T000000Z';
      assert.deepEqual(parseActivationRequest(`rtcreset ${of} ${current} ${count}`), {
        ...{ kind: 'clock-reset', serial: of, current, count },
      });
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      const request = parseActivationRequest(text);
      assert.ok(request === undefined || /^(?:rtcreset )?[A-Z]{3}[0-9A-F]{8}/.test(text));
    }),
  );
});
