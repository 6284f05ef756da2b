/**
 * The long run of the fuzz tests (`npm run test:fuzz`): prints how many inputs there were, and the branch coverage of
 * each parser with the lines of branches that no input reached. Fails when a test fails, when there were too few
 * inputs, or when the coverage of a parser is too low.
 */
import { globSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

/** The least share of its branches that the inputs must reach in each parser, in percent. */
const leastCoverage = 90;
const leastInputs = 100_000;

const checkout = path.resolve(import.meta.dirname, '../..');

/** Everything that reads what comes from elsewhere in deltas, indexes, maps, packs, reports, sticks and sites. */
const parsers = [
  'src/build/{entry-rules,index-format,index-line-parser,index-table}.ts',
  'src/delta/{apply-segment,archive-ranges,binary-patch,byte-reader,delta-format,dictionary-frame,elf}.ts',
  'src/delta/{gzip-bits,gzip-block,gzip-deflate,gzip-huffman,gzip-matches,gzip-member,gzip-part}.ts',
  'src/delta/{gzip-recipe,gzip-stream,gzip-window,gzip-zlib,index-lines,index-patch,inflate,line-patch-reader,ordinal-runs,patch-source}.ts',
  'src/delta/{object-references,piece-control,references,relocation,relocation-format}.ts',
  'src/delta/segment-reader.ts',
  'src/delta/{sparse-difference,sparse-difference-reader,streams}.ts',
  'src/formats/{zstd,zstd-frame}.ts',
  'src/pack/{frame,map-format}.ts',
  'src/advice/{device-signature,oats-envelope,oats-request,stolen,updates-cfg,updates-cfg-settings}.ts',
  'src/fleet/report-schema.ts',
  'src/lease/{activation-request,calendar,collection}.ts',
  'src/plan/window.ts',
  'src/activities/{bundle-info,home-state,read-bundle}.ts',
  'src/formats/{info-file,zip}.ts',
  'src/repository/{back-record,bundle-version,device-set,group-record,rollout-record}.ts',
  'src/site/{link-file,pull-intervals,pull-part-journal,stick-xs-manifest}.ts',
  'src/store/stick-manifest.ts',
];

process.env.SATCHEL_FUZZ_RUNS ??= '5000';
process.env.LC_ALL = 'C.UTF-8';
process.env.TZ = 'UTC';

let isGood = true;
let output = '';
const stream = run({
  cwd: checkout,
  files: globSync('test/suites/fuzz-*.test.ts', { cwd: checkout }),
  concurrency: true,
  coverage: true,
  coverageIncludeGlobs: parsers,
});
stream.on('test:fail', ({ todo }) => {
  isGood &&= todo !== undefined && todo !== false;
});
stream.on('test:stdout', ({ message }) => {
  output += message;
});
/** What is printed of each parser. */
const lines: string[] = [];
stream.on('test:coverage', ({ summary }) => {
  const byPath = new Map(summary.files.map((file) => [path.relative(checkout, file.path), file]));
  for (const name of parsers.flatMap((pattern) => globSync(pattern, { cwd: checkout })).sort()) {
    const file = byPath.get(name);
    const percent = file?.coveredBranchPercent ?? 0;
    const missing = (file?.branches ?? []).filter(({ count }) => count === 0).map(({ line }) => line);
    const places = missing.length === 0 ? '' : `  not reached: line ${missing.join(', ')}`;
    lines.push(`${percent.toFixed(1).padStart(6)} %  ${name}${places}`);
    isGood &&= percent >= leastCoverage;
  }
});
stream.compose(new spec()).pipe(process.stdout);
stream.on('end', () => setImmediate(finish));

function finish(): void {
  let [inputs, accepted] = [0, 0];
  for (const [, taken, refused] of output.matchAll(/^fuzzed .*: (\d+) accepted, (\d+) refused$/gm)) {
    inputs += Number(taken) + Number(refused);
    accepted += Number(taken);
  }
  console.log(`\nBranches reached in the parsers, at least ${leastCoverage} % of each:\n${lines.join('\n')}`);
  console.log(
    `${inputs} inputs, at least ${leastInputs}: ${accepted} accepted, ${inputs - accepted} refused`,
  );
  process.exitCode = isGood && lines.length > 0 && inputs >= leastInputs ? 0 : 1;
}
