/**
 * What `npm start` shows: the main job on real input, then a server that stays. With `--once`, or in CI, it ends
 * when the story does. `--host H` binds another address than the loopback one.
 */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatBytes } from '../src/base/units.ts';
import { costTable } from './demo/costs.ts';
import { commandLine } from './demo/program.ts';
import { choosePort, type DemoServer } from './demo/server.ts';
import { buildNames, heading, tellStory } from './demo/story.ts';
import { say } from './demo/words.ts';
import { debianTrees, isContinuousIntegration, type Trees } from './trees.ts';

const demos = join(import.meta.dirname, '..', '.cache', 'demo');

async function main(signal: AbortSignal): Promise<void> {
  const { values } = parseArgs({
    options: { once: { type: 'boolean', default: false }, host: { type: 'string', default: '127.0.0.1' } },
  });
  const trees = await showTrees(signal);
  const port = await choosePort(values.host);
  const directory = freshDirectory(String(port));
  let server: DemoServer | undefined;
  try {
    const costs = await tellStory({
      directory,
      host: values.host,
      port,
      trees,
      signal,
      onServer: (started) => {
        server = started;
      },
    });
    heading('costs-title');
    for (const line of costTable(costs)) console.log(`  ${line}`);
    removeOldDirectories();
    if (server === undefined) return;
    if (values.once || isContinuousIntegration()) {
      console.log(`\n${say('finished')}`);
      return;
    }
    inviteToTry(directory, server.address, trees);
    await Promise.race([server.ended, aborted(signal)]);
    if (!signal.aborted) throw new Error(say('serve-ended', { log: join(directory, 'server.log') }));
    console.log(say('stopped'));
  } finally {
    await server?.stop();
  }
}

async function showTrees(signal: AbortSignal): Promise<Trees> {
  heading('trees-title');
  let told = false;
  const trees = await debianTrees({
    size: 'small',
    signal,
    onLine: (line) => {
      if (!told) console.log(`  ${say('trees-making')}`);
      told = true;
      console.log(`  ${line}`);
    },
  });
  if (trees.sentence !== undefined) console.log(`  ${trees.sentence}`);
  const isDebian = trees.kind === 'debian';
  const size = (path: string) => formatBytes(statSync(path).size);
  console.log(
    `  ${say(isDebian ? 'tree-first' : 'installed-first', { path: trees.a, size: size(trees.a) })}`,
  );
  console.log(
    `  ${say(isDebian ? 'tree-second' : 'installed-second', { path: trees.b, size: size(trees.b) })}`,
  );
  return trees;
}

function inviteToTry(directory: string, address: string, trees: Trees): void {
  console.log(`\n${say('running', { address })}\n${say('try-it')}`);
  const device = join(directory, 'device');
  for (const words of [
    ['status', '--root', device],
    ['update', '--root', device],
    ['diff', '--repo', join(directory, 'repository'), ...buildNames(trees)],
  ])
    console.log(`  ${commandLine(words)}`);
}

/**
 * An empty directory for this port. What an earlier demonstration left there is moved aside and removed after the
 * story: ext4 creates files slowly for minutes after many were deleted.
 */
function freshDirectory(name: string): string {
  mkdirSync(demos, { recursive: true });
  const directory = join(demos, name);
  try {
    renameSync(directory, join(demos, `old-${process.pid}-${Date.now()}`));
  } catch {
    // There was none.
  }
  mkdirSync(directory);
  return directory;
}

function removeOldDirectories(): void {
  for (const name of readdirSync(demos))
    if (name.startsWith('old-')) rmSync(join(demos, name), { recursive: true, force: true });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

const stop = new AbortController();
let stoppedBy: 'SIGINT' | 'SIGTERM' | undefined;
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.on(name, () => {
    stoppedBy ??= name;
    stop.abort();
  });
// Nobody reads any longer (`npm start | head`): end as if stopped.
process.stdout.on('error', () => {
  stoppedBy ??= 'SIGTERM';
  stop.abort();
});
try {
  await main(stop.signal);
} catch (error) {
  // Being stopped in the middle is no failure to explain; ending the server that stayed does not come here.
  if (stoppedBy === undefined) console.error(error instanceof Error ? error.message : error);
  process.exitCode = stoppedBy === undefined ? 1 : 128 + constants.signals[stoppedBy];
}
