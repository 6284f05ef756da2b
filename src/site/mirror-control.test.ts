import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, statSync } from 'node:fs';
import { createConnection } from 'node:net';
import { after, test } from 'node:test';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { silentReporter } from '../base/progress.ts';
import { askServer, controlSocket, listenForRequests } from './mirror-control.ts';

const scratch = scratchFolder('control');
const layout = { directory: scratch.path };
const how = { signal: new AbortController().signal, reporter: silentReporter };
after(() => scratch.remove());

/** Sends words to the socket; the answer is all that comes back before it is closed. */
async function send(words: string): Promise<string> {
  const socket = createConnection(controlSocket(layout));
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text;
  });
  socket.on('error', () => undefined);
  socket.write(words);
  await once(socket, 'close');
  return answer;
}

test('nonsense and endless lines are hung up on, and the next request is answered', async () => {
  let count = 0;
  const stop = await listenForRequests(layout, async () => {
    count += 1;
    return { count };
  });
  for (const words of ['nonsense\n', 'null\n', '5\n', '{"do":"rm"}\n', '\n', 'x'.repeat(10_000)])
    assert.equal(await send(words), '', words.slice(0, 20));
  assert.deepEqual(await askServer(layout, { do: 'gc' }, how), { result: { count: 1 } });
  await stop();
  assert.equal(await askServer(layout, { do: 'gc' }, how), undefined);
});

test('a server that stops in the middle, and one that fails, are told as what they are', async () => {
  const begun = Promise.withResolvers<void>();
  const stop = await listenForRequests(layout, async (request) => {
    if (request.do === 'plan') throw new SatchelError('site-outside-hours', { hours: 'mon' });
    begun.resolve();
    return new Promise(() => {});
  });
  await assert.rejects(askServer(layout, { do: 'plan', deltasOnly: false }, how), (error) =>
    isSatchelError(error, 'site-outside-hours'),
  );
  const asked = askServer(layout, { do: 'gc' }, how);
  const refused = assert.rejects(asked, (error) => isSatchelError(error, 'site-server-gone'));
  await begun.promise;
  await stop();
  await refused;
});

test('a site that lies deeper than a socket may is asked all the same', async () => {
  const directory = scratch.file(...Array.from({ length: 12 }, () => 'deeper-than-that'));
  mkdirSync(directory, { recursive: true });
  const stop = await listenForRequests({ directory }, async () => 'heard');
  assert.ok(statSync(controlSocket({ directory })).isSocket());
  assert.deepEqual(await askServer({ directory }, { do: 'gc' }, how), { result: 'heard' });
  await stop();
  assert.equal(await askServer({ directory }, { do: 'gc' }, how), undefined);
});

test('a socket that a killed process left is replaced', async () => {
  const first = await listenForRequests(layout, async () => 'first');
  const second = await listenForRequests(layout, async () => 'second');
  assert.deepEqual(await askServer(layout, { do: 'gc' }, how), { result: 'second' });
  await second();
  await first();
});
