/**
 * Cuts the power of real machines at random moments, and counts how many come back: `npm run test:powercut`.
 *
 *   node test/power/run.ts [--cuts 200] [--machines 2] [--kinds ext4-olpc,btrfs-olpc,ext4-bls,btrfs-bls]
 *                          [--seed NUMBER] [--folder DIR]
 */
import { randomInt } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { scratchFolder } from '../doubles/scratch.ts';
import { cutPowers, powerKinds } from './cut-powers.ts';

const { values } = parseArgs({
  options: {
    cuts: { type: 'string', default: '200' },
    machines: { type: 'string', default: '2' },
    kinds: { type: 'string', default: powerKinds.join(',') },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    folder: { type: 'string' },
  },
});

const scratch = values.folder === undefined ? scratchFolder('powercut') : undefined;
const folder = values.folder ?? scratch!.path;
mkdirSync(folder, { recursive: true });
const started = performance.now();
console.log(`seed ${values.seed}, in ${folder}`);
const { summary, casualties } = await cutPowers({
  folder,
  cuts: Number(values.cuts),
  machines: Number(values.machines),
  kinds: values.kinds.split(','),
  seed: Number(values.seed),
  onLine: (line) => console.log(`${new Date().toISOString().slice(11, 19)}  ${line}`),
});
const minutes = ((performance.now() - started) / 60_000).toFixed(1);
console.log(`cuts survived / made: ${summary.survived} / ${summary.made}, in ${minutes} min`);
console.log(`where they fell: ${[...summary.steps].map(([step, count]) => `${step} ${count}`).join(', ')}`);
console.log(
  `${summary.updates} updates, ${summary.bytes} bytes, of them fetched twice: ${summary.bytesTwice}`,
);
console.log(`booted once more with the kernel of the version before: ${summary.mixed}`);
for (const why of casualties) console.log(`dead: ${why}`);
if (summary.survived === summary.made && casualties.length === 0) scratch?.remove();
else process.exitCode = 1;
