/** The commands in docs/operators are run as they stand there, page after page, in one empty directory. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type RunningServer, serve } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';

const checkout = new URL('../..', import.meta.url).pathname.replace(/\/$/, '');
const pages = [
  'origin',
  'serving',
  'device',
  'local',
  'fleet',
  'site',
  'olpc-update',
  'old-clients',
  'lite',
  'stick',
  'leases',
  'oats',
  'device-keys',
  'rollouts',
  'agent',
  'activities',
] as const;

/** A fenced block of shell commands; `exit` is the code that its last command ends with. */
type Block = { readonly line: number; readonly kind: string; readonly exit: number; readonly text: string };

function blocksOf(page: string): Block[] {
  const text = readFileSync(join(checkout, page), 'utf8');
  return [...text.matchAll(/^```sh (test|server)(?: exit=(\d+))?\n(.*?)^```$/gms)].map((match) => ({
    line: text.slice(0, match.index).split('\n').length,
    kind: match[1]!,
    exit: Number(match[2] ?? 0),
    text: match[3]!,
  }));
}

const scratch = scratchFolder('docs-commands');
let server: RunningServer | undefined;
const address = 'http://127.0.0.1:8400';

before(() => {
  const bin = scratch.file('bin');
  mkdirSync(bin);
  mkdirSync(scratch.file('work'));
  writeFileSync(join(bin, 'satchel'), `#!/bin/sh\nexec '${checkout}/satchel' "$@"\n`);
  chmodSync(join(bin, 'satchel'), 0o755);
});

after(async () => {
  await server?.stop();
  scratch.remove();
});

/** Runs a block; the port in the text is the usual one, here it is any that was free. */
function run(text: string): Promise<{ code: number | null; output: string }> {
  const script = text.replaceAll(address, server?.url ?? address);
  const environment = {
    ...process.env,
    PATH: `${scratch.file('bin')}:${process.env.PATH}`,
    SATCHEL_LANG: 'en',
    // No process may outlive a block; the page makes its deltas itself.
    SATCHEL_DELTAS: '0',
  };
  return new Promise((resolve) => {
    const child = spawn('sh', ['-eu', '-c', script], { cwd: scratch.file('work'), env: environment });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (piece: string) => {
        output += piece;
      });
    child.on('close', (code) => resolve({ code, output }));
  });
}

describe('the commands of the manual', () => {
  for (const page of pages) {
    const file = `docs/operators/${page}.md`;
    const blocks = blocksOf(file);
    assert.ok(blocks.length > 0, `${file} has commands`);
    for (const { line, kind, exit, text } of blocks)
      test(`${file}, line ${line}: ${text.split('\n')[0]}`, async () => {
        if (kind === 'server') {
          assert.match(text, /^satchel serve --repo repo --listen 127\.0\.0\.1:8400\n$/);
          server = await serve(scratch.file('work', 'repo'));
          return;
        }
        const { code, output } = await run(text);
        assert.equal(code, exit, output);
      });
  }
});

for (const page of pages)
  test(`the Spanish page ${page} has the same commands as the English one`, () => {
    const commands = (language: string) =>
      blocksOf(`docs/${language}operators/${page}.md`).map(({ kind, exit, text }) => ({ kind, exit, text }));
    assert.deepEqual(commands('es/'), commands(''));
  });
