import assert from 'node:assert/strict';
import { Agent, createServer, get } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { startCountingProxy } from './counting-proxy.ts';

async function serverOf(context: TestContext, body: Buffer): Promise<number> {
  const server = createServer((_, response) => response.end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function fetchAll(port: number, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', agent, path: '/x' }, (response) => {
      let length = 0;
      response.on('data', (bytes: Buffer) => {
        length += bytes.length;
      });
      response.on('end', () => resolve(length));
    }).on('error', reject);
  });
}

test('bytes and requests are counted, several requests of one connection too', async (context) => {
  const body = Buffer.alloc(300_000, 1);
  const proxy = await startCountingProxy(await serverOf(context, body));
  context.after(() => proxy.close());
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  context.after(() => agent.destroy());
  for (let request = 0; request < 3; request += 1)
    assert.equal(await fetchAll(proxy.port, agent), body.length);
  const { connections, requests, toClient, toServer } = proxy.passed();
  assert.equal(connections, 1);
  assert.equal(requests, 3);
  assert.ok(toClient > 900_000 && toClient < 902_000, `${toClient} bytes to the client`);
  assert.ok(toServer > 60 && toServer < 1000, `${toServer} bytes to the server`);
});

test('what a client that stands still has not read is told apart from what it has', async (context) => {
  const body = Buffer.alloc(30_000_000, 1);
  const proxy = await startCountingProxy(await serverOf(context, body));
  context.after(() => proxy.close());
  let read = 0;
  await new Promise<void>((resolve) => {
    const client = connect({ host: '127.0.0.1', port: proxy.port }, () =>
      client.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
    );
    context.after(() => client.destroy());
    // Reads piece by piece until it has a megabyte, then stands still.
    client.on('readable', () => {
      for (let piece = client.read(); piece !== null; piece = client.read()) {
        read = client.bytesRead;
        if (read > 1_000_000) {
          client.removeAllListeners('readable');
          client.pause();
          resolve();
          return;
        }
      }
    });
  });
  const unread = await proxy.unread();
  const apart = proxy.passed().toClient - unread;
  assert.ok(unread > 0);
  // The client's own stream may have taken one more piece out of the socket before it stood still.
  assert.ok(apart >= read && apart <= read + 256 * 1024, `${apart} bytes said to be read, ${read} were`);
});

test('requests that wait for each other are told apart from those that do not', async (context) => {
  const proxy = await startCountingProxy(await serverOf(context, Buffer.alloc(1000)), { delay: 20 });
  context.after(() => proxy.close());
  const agent = new Agent({ keepAlive: true });
  context.after(() => agent.destroy());
  await fetchAll(proxy.port, agent);
  await Promise.all([1, 2, 3].map(() => fetchAll(proxy.port, agent)));
  const { requests, inTurn } = proxy.passed();
  assert.equal(requests, 4);
  assert.equal(inTurn, 2);
});
