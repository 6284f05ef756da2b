/** A round that is under way: what it has found so far, and what is remembered of it. */
import type { ActivitiesUpdated } from '../activities/update-activities.ts';
import type { SatchelError } from '../base/errors.ts';
import { type Agent, momentOf } from './agent.ts';
import { attemptWrite } from './attempt-write.ts';
import type { Brought, Waiting } from './bring-build.ts';
import type { Later } from './conditions.ts';
import { agentLayout } from './layout.ts';
import type { LeaseTaken } from './lease-file.ts';
import type { LaptopTrust } from './lease-keys.ts';
import { markedReady } from './ready-version.ts';
import type { AgentSettings } from './settings.ts';
import { type AgentState, writeAgentState } from './state.ts';
import type { StolenWords } from './stolen-word.ts';
import { applyLease, type TheftAsked } from './theft.ts';

/** What became of the activities of one home. */
export type HomeLooked = {
  readonly home: string;
  /** `failed`: the sentence is among the failures of the round. */
  readonly result: 'current' | 'updated' | 'later' | 'failed';
  /** Why it is done later. */
  readonly later?: Later | undefined;
  readonly updated: ActivitiesUpdated['updated'];
  readonly bytesReceived: number;
};

/** A round that is under way. */
export type Work = {
  readonly agent: Agent;
  readonly settings: AgentSettings;
  readonly trust: LaptopTrust;
  /** False: only what waits for its moment is looked after, and it is not the daily question. */
  readonly isWhole: boolean;
  /** What was remembered when it began. */
  readonly before: AgentState;
  /** What went wrong; the rest is done all the same. */
  readonly failures: SatchelError[];
  stolen: StolenWords;
  waiting: Waiting;
  theft?: TheftAsked;
  brought?: Brought;
  /** What became of the lease that came last. */
  lease?: LeaseTaken;
  /** What became of the activities of each home. */
  readonly homes: HomeLooked[];
  /** Homes whose activities wait. */
  homesLater: readonly string[];
  /** True when the source offers activities to a laptop that has none yet. */
  hasGroups: boolean;
  /** True when the source could not be opened. */
  isSourceAway: boolean;
  /** True once anybody was asked, and false of the second when one of them gave no answer. */
  hasAsked: boolean;
  hasAnswer: boolean;
  /** What the person was told, by code, and on which day. */
  told: AgentState['told'];
  /** Drawn once for what is remembered of this round. */
  readonly draw: number;
};

/** Begins a round. What was said of the lease and not done because of a power cut is done now. */
export function beginWork(start: Pick<Work, 'agent' | 'settings' | 'trust' | 'before' | 'isWhole'>): Work {
  const { agent, before } = start;
  const { later, ready, advice } = before;
  const failures: SatchelError[] = [];
  attemptWrite(failures, () => applyLease(agent, before.stolen));
  return {
    ...start,
    failures,
    stolen: before.stolen,
    waiting: { later, ready: ready ?? markedReady(agent.layout), advice },
    homes: [],
    homesLater: before.homes ?? [],
    hasGroups: false,
    isSourceAway: false,
    hasAsked: false,
    hasAnswer: true,
    told: before.told,
    draw: agent.random(),
  };
}

/** Writes down what is known so far. True when the disk took it. */
export function remember(work: Work): boolean {
  const { agent, before, stolen, waiting, homesLater, told } = work;
  const asked = work.hasAsked ? askedState(work) : before;
  const { later, ready, advice } = waiting;
  const homes = homesLater.length === 0 ? undefined : homesLater;
  const state = { ...asked, stolen, later, ready, advice, homes, told };
  return attemptWrite(work.failures, () => writeAgentState(agentLayout(agent.layout), state));
}

function askedState({ agent, before, failures, hasAnswer, isWhole, draw }: Work): AgentState {
  const now = momentOf(agent);
  return {
    ...before,
    attempt: now,
    success: hasAnswer && isWhole ? now : before.success,
    failures: failures.length === 0 ? 0 : before.failures + 1,
    failure: failures[0]?.code,
    draw: isWhole || before.draw === undefined ? draw : before.draw,
  };
}

/** The day by what the device takes for the time: `2026-03-02`. */
export function dayOf(agent: Agent): string {
  return new Date(momentOf(agent).wall).toISOString().slice(0, 10);
}
