import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startCountingProxy } from '../../bench/counting-proxy.ts';
import { startFaultServer } from '../doubles/fault-server.ts';
import { throttled } from '../doubles/killed-transfer.ts';
import { type StepLengths, type StepWatch, stepLengths, watchSteps } from './cut-moment.ts';
import type { CutRecord, Transfer } from './cut-record.ts';
import { copyImage } from './loader-view.ts';
import {
  booted,
  Casualty,
  type PoweredMachine,
  type PowerStep,
  powerOn,
  steps,
  tell,
} from './power-machine.ts';
import { builds, type PowerBuilds, type PowerDisk } from './power-scene.ts';

/** A machine whose power is cut again and again. */
export type CutRun = {
  readonly kind: string;
  /** Where the disk lies and what is left of a machine that died. */
  readonly folder: string;
  readonly disk: PowerDisk;
  readonly from: PowerBuilds;
  readonly cuts: number;
  readonly random: () => number;
  readonly onLine: (line: string) => void;
};

/** What came of it. */
export type CutRunResult = {
  readonly cuts: readonly CutRecord[];
  readonly transfers: readonly Transfer[];
  /** Why machines died, if any did; each was followed by a new one. */
  readonly casualties: readonly string[];
};

/** So that receiving takes long enough to be interrupted. */
const bytesPerSecond = 1_500_000;
/** Of the blocks that are written, how many a disk puts down before it is told to: drives differ. */
const shares = [0, 0.2, 0.6] as const;

type State = CutRun & {
  readonly url: string;
  passed(): number;
  readonly lengths: StepLengths;
  readonly made: CutRecord[];
  readonly transfers: Transfer[];
  /** The cut that the machine has to show that it survived. */
  owed: CutRecord | undefined;
  /** What has to run after a boot that nothing disturbed. */
  expected: string | undefined;
  deck: PowerStep[];
  /** Times that the machine got power. */
  lives: number;
};

/**
 * Cuts the power of a machine so many times, each time after the update that followed the cut before has succeeded:
 * the machine boots, is found complete, proves itself, keeps the version and updates to the next build, and somewhere
 * in the next such round the power goes again.
 */
export async function cutAgainAndAgain(run: CutRun): Promise<CutRunResult> {
  const server = await startFaultServer(run.from.repository, throttled(bytesPerSecond));
  const proxy = await startCountingProxy(server.port);
  const state: State = {
    ...run,
    url: `http://10.0.2.2:${proxy.port}/`,
    passed: () => proxy.passed().toClient,
    lengths: stepLengths(run.random),
    made: [],
    transfers: [],
    owed: undefined,
    expected: undefined,
    deck: [],
    lives: 0,
  };
  const casualties: string[] = [];
  const template = `${run.disk.image}.template`;
  copyImage(run.disk.image, template);
  try {
    while (state.made.length < run.cuts || state.owed !== undefined) {
      const death = await liveUntilCut(state);
      if (death === undefined) continue;
      casualties.push(death);
      run.onLine(`${run.kind}: DEAD after cut ${state.made.length}, in life ${state.lives}: ${death}`);
      copyImage(run.disk.image, join(run.folder, `dead-${run.kind}-${casualties.length}.img`));
      copyImage(template, run.disk.image);
      Object.assign(state, { owed: undefined, expected: undefined });
    }
  } finally {
    await proxy.close();
    await server.close();
    rmSync(template, { force: true });
  }
  return { cuts: state.made, transfers: state.transfers, casualties };
}

/** One life of the machine, from power to cut; why it is dead, if it is. */
async function liveUntilCut(state: State): Promise<string | undefined> {
  const share = shares[Math.floor(state.random() * shares.length)]!;
  state.lives += 1;
  const log = join(state.folder, `console-${state.lives}.log`);
  const powered = await powerOn(state.disk, {
    socket: join(state.folder, `${state.kind}.socket`),
    share,
    log,
  });
  const watch = watchSteps(powered, state.lengths);
  let isCut = false;
  void watch.cut.then(() => {
    isCut = true;
  });
  try {
    const life = live(state, powered, watch);
    life.catch(() => undefined);
    await Promise.race([life, watch.cut]);
    if (isCut) noteCut(state, watch);
    return undefined;
  } catch (error) {
    // What fails because the power is going is no failure.
    await Promise.race([watch.cut, new Promise((resolve) => setTimeout(resolve, 500))]);
    if (isCut) {
      noteCut(state, watch);
      return undefined;
    }
    if (error instanceof Casualty || error instanceof Error) return error.message;
    throw error;
  } finally {
    await powered.cutPower();
  }
}

function noteCut(state: State, watch: StepWatch): void {
  const { step, milliseconds, atRequest } = watch.now();
  state.owed = { kind: state.kind, step, milliseconds, atRequest, isMixed: false, survived: false };
  state.expected = undefined;
  state.made.push(state.owed);
}

/** Goes through rounds until the power is cut; ends when no cut is left to be made. */
async function live(state: State, powered: PoweredMachine, watch: StepWatch): Promise<void> {
  const { machine } = powered;
  for (;;) {
    const { build, kernelOf } = await booted(machine);
    if (state.expected !== undefined && build !== state.expected)
      throw new Casualty(`${build} runs instead of ${state.expected}`);
    state.expected = undefined;
    if (state.owed !== undefined) {
      state.owed.after ??= build;
      state.owed.isMixed ||= kernelOf !== undefined;
    }
    await watch.begin('keep');
    await tell(machine, 'check');
    await watch.begin('purge');
    if (watch.isArmedFor('purge') || state.random() < 0.2) await tell(machine, 'purge');
    const next = builds[(builds.indexOf(build as never) + 1) % builds.length]!;
    await watch.begin('fetch');
    await updateTo(state, powered, watch, { from: build, to: next });
    survived(state);
    if (state.made.length >= state.cuts) {
      watch.disarm();
      machine.type('off\n');
      await machine.off;
      return;
    }
    watch.arm(state.lengths.moment(nextStep(state)));
    state.expected = next;
    await watch.begin('boot');
    machine.type('reboot\n');
  }
}

async function updateTo(
  state: State,
  { machine }: PoweredMachine,
  watch: StepWatch,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  const latest = state.transfers.at(-1);
  const isAnotherAttempt = latest?.from === from && latest.to === to && !latest.isDone;
  const transfer = isAnotherAttempt ? latest : { from, to, attempts: 0, bytes: 0, isDone: false };
  if (!isAnotherAttempt) state.transfers.push(transfer);
  transfer.attempts += 1;
  const before = state.passed();
  const stopHearing = machine.onLine((line) => {
    const step = steps.find((name) => line.endsWith(`@ step ${name}`));
    // The program comes back to what it was at; a round only goes on.
    if (step === undefined || steps.indexOf(step) <= steps.indexOf(watch.now().step)) return;
    void watch.begin(step).catch(() => undefined);
  });
  try {
    await tell(machine, 'update', `${to} --source ${state.url}`);
    transfer.isDone = true;
  } finally {
    transfer.bytes += state.passed() - before;
    stopHearing();
  }
}

function survived(state: State): void {
  const { owed, made, cuts } = state;
  if (owed === undefined) return;
  owed.survived = true;
  state.owed = undefined;
  const where = `${owed.step} +${Math.round(owed.milliseconds)} ms${owed.atRequest ? ' at a request' : ''}`;
  const what = `${owed.after}${owed.isMixed ? ' with the kernel of another' : ''}`;
  state.onLine(`${state.kind}: cut ${made.length} of ${cuts} in ${where}: ${what} ran, and updated`);
}

/** Every step comes equally often, in no order. */
function nextStep(state: State): PowerStep {
  if (state.deck.length === 0)
    state.deck = steps
      .map((step) => ({ step, at: state.random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ step }) => step);
  return state.deck.pop()!;
}
