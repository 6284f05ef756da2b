import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../measure.ts';
import { openThinLink } from './link.ts';

test('packets take the way there and back as long as the link says, and come back whole', async (context) => {
  const scratch = mkdtempSync(join(tmpdir(), 'satchel-link-'));
  context.after(() => rmSync(scratch, { recursive: true, force: true }));
  const link = await openThinLink(scratch, { bitsPerSecond: 1e6, delay: 30, queue: 50_000, loss: 0 });
  if (typeof link === 'string') {
    context.skip(link);
    return;
  }
  context.after(() => link.close());
  const { host, clientNetwork } = link.place;
  // 1000 bytes take 8 ms to send at 1 Mbit/s, in each direction.
  const program = `
    const socket = require('dgram').createSocket('udp4');
    const started = performance.now();
    socket.on('error', () => {});
    socket.connect(9, '${host}', () => {
      socket.on('error', () => { console.log(performance.now() - started); socket.close(); });
      socket.send(Buffer.alloc(972));
    });`;
  // Nobody listens there: the server's kernel answers at once that the port is closed.
  const output = await run({
    program: process.execPath,
    parameters: ['-e', program],
    ...(clientNetwork === undefined ? {} : { network: clientNetwork }),
  });
  const milliseconds = Number(output);
  assert.ok(milliseconds > 68 && milliseconds < 250, `${milliseconds} ms`);
});
