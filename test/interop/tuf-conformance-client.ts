#!/usr/bin/env node
/**
 * The client under test for the public suite theupdateframework/tuf-conformance (its CLIENT-CLI.md): Satchel's
 * trust client with the rules of plain TUF in place of ours. How to run the suite: tuf-conformance.md beside this.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../../src/base/clock.ts';
import { SatchelError } from '../../src/base/errors.ts';
import type { ReadableStore } from '../../src/store/store.ts';
import { openTrustClient, type TrustClient } from '../../src/trust/client.ts';
import { plainPolicy } from '../../src/trust/policy.ts';
import { hasContent } from '../../src/trust/verify-content.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'metadata-dir': { type: 'string' },
    'metadata-url': { type: 'string' },
    'target-name': { type: 'string', multiple: true },
    'target-base-url': { type: 'string' },
    'target-dir': { type: 'string' },
  },
});

type Option = 'metadata-dir' | 'metadata-url' | 'target-base-url' | 'target-dir';

function option(name: Option): string {
  const value = values[name];
  if (value === undefined) throw new Error(`--${name} is needed`);
  return value;
}

/** The two addresses of a TUF repository as one store. Names of roles need more characters than our stores allow. */
function twoAddresses(metadata: string | undefined, targets: string | undefined): ReadableStore {
  const bases = { metadata, targets };
  return {
    location: metadata ?? 'here',
    async read(name, { signal } = {}) {
      const slash = name.indexOf('/');
      const base = bases[name.slice(0, slash) as keyof typeof bases];
      if (base === undefined) throw new Error(`no address for ${name}`);
      const address = `${base.replace(/\/$/, '')}${name.slice(slash)}`;
      const answer = await fetch(address, { signal: signal ?? null });
      if (answer.status === 404) throw new SatchelError('store-not-found', { location: base, name });
      if (!answer.ok || !answer.body)
        throw new SatchelError('store-refused', { location: base, name, status: answer.status });
      return { size: Number(answer.headers.get('content-length')), body: answer.body };
    },
    async close() {},
  };
}

function openClient(): TrustClient {
  return openTrustClient({
    directory: join(option('metadata-dir'), 'state'),
    store: twoAddresses(values['metadata-url'], values['target-base-url']),
    clock: systemClock,
    policy: plainPolicy,
  });
}

/** The suite reads what is trusted from `<role>.json`. */
function showTrusted(client: TrustClient): void {
  for (const [role, bytes] of client.files())
    writeFileSync(join(option('metadata-dir'), `${encodeURIComponent(role)}.json`), bytes);
}

async function downloadOne(client: TrustClient, name: string): Promise<void> {
  const info = await client.locate(name);
  if (info === undefined)
    throw new SatchelError('target-not-found', { path: name, source: 'the repository' });
  const directory = option('target-dir');
  const path = join(directory, encodeURIComponent(name));
  if (isKept(path, info)) return;
  const bytes = await client.download(info);
  mkdirSync(directory, { recursive: true });
  writeFileSync(path, bytes);
}

function isKept(path: string, info: Parameters<typeof hasContent>[1]): boolean {
  try {
    return hasContent(readFileSync(path), info);
  } catch {
    return false;
  }
}

async function run(): Promise<void> {
  const client = openClient();
  const [command, file] = positionals;
  try {
    if (command === 'init' && file !== undefined) await client.pin(readFileSync(file));
    else if (command === 'refresh') await client.refresh();
    else if (command === 'download') {
      await client.refresh();
      for (const name of values['target-name'] ?? []) await downloadOne(client, name);
    } else throw new Error('init FILE, refresh or download');
  } finally {
    showTrusted(client);
  }
}

try {
  await run();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
