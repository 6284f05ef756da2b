import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { rawExchange } from '../../test/doubles/http-exchange.ts';
import { when } from '../../test/doubles/when.ts';
import { listen } from './http-listener.ts';

const ask = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;

test('requests that come at once on one connection are answered one after another', async () => {
  let open = 0;
  let most = 0;
  const listener = await listen({ host: '127.0.0.1', port: 0 }, (request, response) => {
    open += 1;
    most = Math.max(most, open);
    setImmediate(() => {
      open -= 1;
      response.end(`<${request.url}>`);
    });
  });
  const paths = Array.from({ length: 20 }, (_, number) => `/${number}`);
  const sent = paths.map((path) => ask(path)).join('') + ask('/last', 'Connection: close\r\n');
  const answers = await rawExchange(listener.url, sent);
  assert.deepEqual(
    [...answers.matchAll(/<(.*?)>/g)].map(([, path]) => path),
    [...paths, '/last'],
  );
  assert.equal(most, 1);
  await listener.close(1000);
});

test('whoever sends requests without end and reads nothing is cut off, and costs one answer', async () => {
  const begun: ServerResponse[] = [];
  const listener = await listen({ host: '127.0.0.1', port: 0 }, (_, response) => {
    begun.push(response);
    response.write('x');
  });
  const socket = connect(Number(new URL(listener.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.resume().once('connect', () => socket.write(ask('/').repeat(3000)));
  await closed;
  assert.equal(begun.length, 1);
  await when(() => begun[0]?.destroyed === true);
  await listener.close(1000);
});
