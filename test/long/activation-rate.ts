/**
 * How many laptops `satchel serve --activation` answers in a second, leases that it holds and refusals, when many ask at
 * once; both on this machine. `npm run bench:activation [SECONDS]`.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { numberedLaptop } from '../../src/lease/office.testkit.ts';
import { leaseDirect } from '../../src/lease/records.testkit.ts';
import { askActivation } from '../doubles/activation-client.ts';
import { done, serve } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';

/** As many as a large school or a small province has. */
const laptops = 20_000;
const atOnce = 32;
const seconds = Number(process.argv[2] ?? 5);
const goal = 5000;

const scratch = scratchFolder('activation-rate');
try {
  const origin = scratch.file('origin');
  await done(['init', '--repo', origin]);
  const serials = Array.from({ length: laptops }, (_, number) => numberedLaptop(number).serial);
  writeFileSync(
    scratch.file('leases'),
    serials.map((serial) => `${leaseDirect.replace('SHC00000001', serial)}\n`).join(''),
  );
  await done(['lease', 'take', '--repo', origin, scratch.file('leases')]);
  await done(['lease', 'stolen', 'CSN00000000', '--repo', origin, '--by', 'bench', '--reason', 'bench']);
  const server = await serve(origin, { words: ['--activation', '127.0.0.1:0', '--no-advertise'] });
  const address = server.activation ?? '';
  /** Asks for so many seconds, many at once; gives answers and processor seconds of the server in a second. */
  const measure = async (
    name: string,
    request: (number: number) => string,
    isRight: (answer: string) => boolean,
  ) => {
    let asked = 0;
    let slowest = 0;
    const before = processorSeconds(server.pid);
    const began = performance.now();
    const work = async () => {
      while (performance.now() - began < seconds * 1000) {
        const from = performance.now();
        asked += 1;
        assert.ok(isRight(await askActivation(address, request(asked))), name);
        slowest = Math.max(slowest, performance.now() - from);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    const passed = (performance.now() - began) / 1000;
    const spent = processorSeconds(server.pid) - before;
    const rate = Math.round(asked / passed);
    const own = Math.round(asked / spent);
    console.log(
      `${name}: ${rate} answers a second (${own} a second of the server's processor time), slowest ${slowest.toFixed(0)} ms`,
    );
    return own;
  };
  const rates = [
    await measure(
      'leases',
      (number) => serials[(number * 7919) % laptops]!,
      (answer) => answer.startsWith('act01: '),
    ),
    await measure(
      'refusals',
      (number) => `CSN${number.toString(16).toUpperCase().padStart(8, '0')}`,
      (answer) => answer === '',
    ),
    await measure(
      'stolen',
      () => 'CSN00000000',
      (answer) => answer === 'STOLEN',
    ),
  ];
  await server.stop();
  assert.ok(Math.min(...rates) >= goal, `fewer than ${goal} answers in a second of processor time`);
} finally {
  scratch.remove();
}

/** Processor time of a process so far, in seconds (proc(5): fields 14 and 15, in hundredths). */
function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
