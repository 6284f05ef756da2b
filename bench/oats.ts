/**
 * `npm run bench:oats`: signed answers of `satchel serve` to laptops against what OpenSSL signs on the same cores, and how
 * long the event loop of the server was kept from anything else. Options: seconds (8), connections (16).
 */
import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { LoopDelays } from './loop-delay.ts';
import { cpuOfRunning, processTree, run } from './measure.ts';
import { freePort } from './servers.ts';
import { openWorkspace } from './workspace.ts';

const checkout = join(import.meta.dirname, '..');
const [seconds = '8', connections = '16'] = process.argv.slice(2);
const cores = availableParallelism();

/** The goal: so much of what OpenSSL signs. */
const goal = 0.8;

type Asked = {
  readonly answered: number;
  readonly wrong: number;
  readonly wall: number;
  readonly cpu: number;
};

/** Signatures a second on all cores, and the CPU time of one in microseconds. */
async function opensslRate(): Promise<{ readonly perSecond: number; readonly cpu: number }> {
  const speed = async (...parameters: string[]) => {
    const output = await run({
      program: 'openssl',
      parameters: ['speed', '-seconds', '3', ...parameters, 'rsa2048'],
    });
    const line = output.split('\n').findLast((text) => /rsa.*2048/.test(text)) ?? '';
    return Number(/s\s+(\d+(?:\.\d+)?)\s/.exec(line.replace(/^.*?s\s+.*?s\s/, 's '))?.[1]);
  };
  return { perSecond: await speed('-elapsed', '-multi', String(cores)), cpu: 1e6 / (await speed()) };
}

/** A repository of one build with a key that signs answers; gives the contents hash of the build. */
async function prepare(root: string): Promise<{ readonly repository: string; readonly vhash: string }> {
  const [repository, tree, pass] = [join(root, 'repository'), join(root, 'tree'), join(root, 'passphrase')];
  const satchel = (...parameters: string[]) =>
    run({ program: join(checkout, 'satchel'), parameters, environment: { SATCHEL_DELTAS: '0' } });
  mkdirSync(tree);
  writeFileSync(pass, 'bench\n');
  await satchel('init', '--repo', repository);
  writeFileSync(join(tree, 'file'), 'one');
  await satchel('publish', '--repo', repository, '--name', 'one', '--stream', 'stable', tree);
  writeFileSync(join(tree, 'file'), 'two');
  await satchel('publish', '--repo', repository, '--name', 'two', '--stream', 'stable', tree);
  await satchel('lease', 'key', '--passphrase-file', pass, join(root, 'key'));
  await satchel(
    'oats',
    'set',
    '--repo',
    repository,
    '--key',
    join(root, 'key.private'),
    '--passphrase-file',
    pass,
  );
  const shown = await satchel('show', '--repo', repository, 'one', '--json');
  const vhash = (JSON.parse(shown) as { contents: { hash: string } }).contents.hash;
  return { repository, vhash };
}

/** A server that answers laptops, with what tells how long its event loop was kept. */
async function startServer(root: string, repository: string) {
  const [delays, log, port] = [join(root, 'delays.json'), join(root, 'log'), await freePort()];
  const server = spawn(
    join(checkout, 'satchel'),
    ['serve', '--repo', repository, '--listen', `127.0.0.1:${port}`, '--no-advertise'],
    {
      stdio: ['ignore', 'ignore', openSync(log, 'w')],
      env: {
        ...process.env,
        NODE_OPTIONS: `--import=${join(import.meta.dirname, 'loop-delay.ts')}`,
        SATCHEL_BENCH_LOOP_DELAY: delays,
      },
    },
  );
  const ended = new Promise((resolve) => server.once('close', resolve));
  return {
    port,
    cpu: () => cpuOfRunning(processTree(server.pid!)),
    complaint: () => readFileSync(log, 'utf8').slice(-2000),
    delays: () => JSON.parse(readFileSync(delays, 'utf8')) as LoopDelays,
    async stop() {
      server.kill('SIGTERM');
      await ended;
    },
  };
}

async function ask(port: number, time: string, vhash: string): Promise<Asked> {
  const program = join(import.meta.dirname, 'oats-askers-program.ts');
  const parameters = [program, '127.0.0.1', String(port), connections, time, vhash];
  return JSON.parse(await run({ program: process.execPath, parameters })) as Asked;
}

async function main(): Promise<void> {
  const workspace = openWorkspace(checkout);
  try {
    const { repository, vhash } = await prepare(workspace.freshDirectory('oats'));
    const server = await startServer(workspace.root, repository);
    try {
      await untilAnswering(server.port, server.complaint);
      await ask(server.port, '4', vhash);
      const before = server.cpu();
      const asked = await ask(server.port, seconds, vhash);
      const cpu = server.cpu() - before;
      await server.stop();
      report(asked, { cpu, bare: await opensslRate(), delays: server.delays() });
    } finally {
      await server.stop();
    }
  } finally {
    await workspace.remove();
  }
}

async function untilAnswering(port: number, complaint: () => string): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    const isThere = await fetch(`http://127.0.0.1:${port}/healthz`).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the server does not answer: ${complaint()}`);
}

function report(
  asked: Asked,
  { cpu, bare, delays }: { cpu: number; bare: { perSecond: number; cpu: number }; delays: LoopDelays },
): void {
  const rate = asked.answered / asked.wall;
  const each = (cpu * 1e6) / asked.answered;
  const lines = [
    `answers: ${asked.answered} in ${asked.wall.toFixed(1)} s, ${asked.wrong} wrong, ${rate.toFixed(0)} a second`,
    `OpenSSL on ${cores} cores, nothing else: ${bare.perSecond.toFixed(0)} signatures a second`,
    `ratio: ${(rate / bare.perSecond).toFixed(2)} (goal ${goal}); whoever asked took ${((100 * asked.cpu) / asked.wall / cores).toFixed(0)} % of the cores`,
    `CPU time of an answer ${each.toFixed(0)} µs, of a signature ${bare.cpu.toFixed(0)} µs: ratio ${(bare.cpu / each).toFixed(2)}`,
    `event loop: kept by its own work at most ${delays.cpu} ms (goal 20 ms); by the clock, with whatever else ran, ${delays.max} ms, 99 % below ${delays.p99} ms`,
  ];
  console.log(lines.join('\n'));
  if (asked.wrong > 0) process.exitCode = 1;
}

await main();
