/** `npm run bench`: measures Satchel against its peers in one run and holds the figures against the goals. */
import { readFileSync } from 'node:fs';
import { availableParallelism, constants } from 'node:os';
import { dirname, join } from 'node:path';
import type { Result } from './contest.ts';
import type { Context } from './context.ts';
import { killAllCommands } from './measure.ts';
import { type BenchOptions, parseOptions, rowNames, usage } from './options.ts';
import { pairOfTrees } from './pair-of-trees.ts';
import { pairOf, syntheticSizes } from './pairs.ts';
import { describeResults, type Setting, writeResults } from './report.ts';
import { openOstrees, requirePrograms, versionsOf } from './requirements.ts';
import { killAndResume } from './rows/kill-resume.ts';
import { nothingToDo } from './rows/nothing-to-do.ts';
import { staging } from './rows/staging.ts';
import { endAllServers } from './servers.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

const checkout = join(import.meta.dirname, '..');
const say = (line: string) => console.error(line);

/** Quick and partial runs do not replace the results of whole ones. */
function resultsDirectory({ quick, rows }: BenchOptions): string {
  const results = join(import.meta.dirname, 'results');
  if (quick) return join(results, 'quick');
  return rows.size < rowNames.length ? join(results, 'partial') : results;
}

/** Timed runs of what is measured on synthetic trees. */
const syntheticRuns = 5;

async function main(options: BenchOptions): Promise<void> {
  const { without } = options;
  await requirePrograms(without);
  const workspace = openWorkspace(checkout);
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => {
      killAllCommands();
      endAllServers();
      workspace.removeAtOnce();
      process.exit(128 + constants.signals[name]);
    });
  const results: Result[] = [];
  let setting: Setting | undefined;
  try {
    const ostrees = await openOstrees(without, dirname(workspace.root), say);
    setting = {
      when: new Date().toISOString(),
      processors: availableParallelism(),
      congestionControl: readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8').trim(),
      versions: await versionsOf(without, ostrees),
    };
    for (const name of options.pairs) {
      const pair = pairOf(name);
      const context = contextOf(options, workspace, pair?.runs ?? syntheticRuns, pair?.tooSlow);
      if (pair !== undefined)
        results.push(...(await pairOfTrees(context, { pair, rows: options.rows, ostrees })));
      else if (name === 'synthetic') results.push(...(await synthetic(context, options)));
      else if (!without.has('satchel')) results.push(...(await killAndResume(context)));
      await workspace.endPair();
      // What is measured is kept, whatever happens to the pairs that are still to come.
      writeResults(resultsDirectory(options), results, setting);
    }
  } finally {
    if (setting !== undefined) console.log(describeResults(results, setting));
    say('removing what was made');
    await workspace.remove();
  }
}

function contextOf(
  { quick, runs, without }: BenchOptions,
  workspace: Workspace,
  usualRuns: number,
  tooSlow: readonly string[] = [],
): Context {
  const left = quick ? tooSlow.filter((name) => !without.has(name)) : [];
  if (left.length > 0) say(`left out of a quick run, for it takes minutes: ${left.join(', ')}`);
  return {
    workspace,
    runs: runs ?? (quick ? 1 : usualRuns),
    quick,
    without: new Set([...without, ...left]),
    say,
  };
}

/** Rows on trees of small files of which nothing, or one, changes. */
async function synthetic(context: Context, { rows }: BenchOptions): Promise<Result[]> {
  const results: Result[] = [];
  for (const count of context.quick ? syntheticSizes.slice(0, 1) : syntheticSizes) {
    if (rows.has('nothing-to-do')) results.push(...(await nothingToDo(context, count)));
    await context.workspace.endRow();
    if (rows.has('staging')) results.push(...(await staging(context, count)));
    await context.workspace.endRow();
  }
  return results;
}

let options: BenchOptions | undefined;
try {
  options = parseOptions(process.argv.slice(2));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n${usage}`);
  process.exitCode = 2;
}
if (options !== undefined) {
  try {
    await main(options);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
