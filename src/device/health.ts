/**
 * What says whether a version is in good health: executables in `/etc/satchel/check/required.d` and `wanted.d` of the
 * system that runs. That a network, a server or the right time is missing is never ill health; whoever writes a check
 * has to see to that, as those do that come with Satchel.
 */
import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Reporter } from '../base/progress.ts';
import { listIfThere } from '../os/if-there.ts';
import { type CheckEnd, runCheck } from './health-run.ts';
import type { DeviceLayout } from './layout.ts';
import { runningVersion } from './running-version.ts';

/** `required`: a version that fails it is left again; `wanted`: a failure is noted and reported. */
export type CheckKind = 'required' | 'wanted';

/** How one check ended. */
export type CheckResult = CheckEnd & { readonly kind: CheckKind; readonly name: string };

/** How a version stands. */
export type Health = {
  /** False when a required check failed or took too long. */
  readonly isWell: boolean;
  readonly results: readonly CheckResult[];
};

/** How long one check may take when nobody says it, in seconds. */
export const usualCheckSeconds = 60;

/** No hidden files, and none that an editor or a packager has put aside. */
const checkName = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
const putAside = /(?:~|\.(?:dpkg-\w+|rpmsave|rpmnew|rpmorig|bak|orig|swp))$/;

export type HealthOptions = {
  readonly layout: DeviceLayout;
  /** Longest time of one check. */
  readonly seconds?: number | undefined;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/** Runs the required checks and then the wanted ones, each in the order of the names. Throws `cancelled`. */
export async function checkHealth(options: HealthOptions): Promise<Health> {
  const { layout, seconds = usualCheckSeconds, reporter, signal } = options;
  const checks = (['required', 'wanted'] as const).flatMap((kind) =>
    checksOf(layout, kind).map((name) => ({ kind, name })),
  );
  const environment = { SATCHEL_ROOT: layout.root, SATCHEL_BUILD: runningVersion(layout) ?? '' };
  const results: CheckResult[] = [];
  for (const { kind, name } of checks) {
    reporter.progress({ step: 'verify', done: results.length, total: checks.length, unit: 'entries' });
    const path = join(folderOf(layout, kind), name);
    const end = await runCheck(path, { seconds, environment, signal });
    results.push({ kind, name, ...end });
  }
  return { isWell: results.every(({ kind, outcome }) => kind === 'wanted' || outcome === 'passed'), results };
}

/** What checks said that did not pass, as lines for the log and for people. */
export function failureLines(results: readonly CheckResult[]): string[] {
  return results
    .filter(({ outcome }) => outcome !== 'passed')
    .flatMap(({ kind, name, outcome, code, seconds, output }) => [
      `satchel: check ${kind}.d/${name}: ${outcome === 'late' ? `ended after ${Math.round(seconds)} s` : code}`,
      ...output.split('\n').filter((line) => line.trim() !== ''),
    ]);
}

/** Names of the checks of a kind, in their order. */
function checksOf(layout: DeviceLayout, kind: CheckKind): string[] {
  const folder = folderOf(layout, kind);
  return listIfThere(folder)
    .filter((name) => checkName.test(name) && !putAside.test(name) && isProgram(join(folder, name)))
    .sort();
}

function folderOf({ root }: DeviceLayout, kind: CheckKind): string {
  return join(root, 'etc/satchel/check', `${kind}.d`);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
