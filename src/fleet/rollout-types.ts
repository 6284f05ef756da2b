import type { RolloutFigures, SilenceRule } from '../advice/rollout-health.ts';
import type { KnownFleet, RolloutPlan } from '../advice/rollout-plan.ts';

/** A rollout as it is counted. */
export type KeptRollout = {
  readonly stream: string;
  /** Of the signed rules: another salt is another rollout. */
  readonly salt: string;
  readonly build: string;
  /** What the operator said; absent where only the signed rules are known. */
  readonly plan?: RolloutPlan;
};

/** What the fleet database keeps about rollouts. All may throw `fleet-full`, `fleet-busy`, `fleet-damaged`. */
export type FleetRollouts = {
  /** The rollout of a stream that is counted. */
  find(stream: string): Promise<KeptRollout | undefined>;
  /** Keeps what an operator said about a rollout, before it begins. */
  plan(planned: {
    readonly salt: string;
    readonly stream: string;
    readonly plan: RolloutPlan;
    readonly now: number;
  }): Promise<void>;
  /** Counts another rollout of a stream from now on, with what was received since `began` (milliseconds since 1970). */
  begin(
    rollout: { readonly stream: string; readonly salt: string; readonly build: string },
    options: { readonly began: number },
  ): Promise<void>;
  /** Counts the reports that came since the last call; gives how many there were. */
  count(stream: string, signal?: AbortSignal): Promise<number>;
  figures(stream: string, rule: SilenceRule): Promise<RolloutFigures>;
  /**
   * Notes whether the stream is halted. When it is not any more, the harm and the silence of before count no longer:
   * whoever resumed it has seen them. Gives whether that changed.
   */
  noteHalt(stream: string, halted: boolean, rule: SilenceRule): Promise<boolean>;
  /** Devices that reported in the last 90 days and do not follow another stream, and all sites. */
  known(stream: string, now: number): Promise<KnownFleet>;
};
