import type { BuildName } from '../base/identifiers.ts';

/** A device as far as a decision about it goes. */
export type AskingDevice = {
  /** Its serial number, else the random id of its reports. Undefined: it comes last. */
  readonly identity: string | undefined;
  readonly model?: string | undefined;
  /** What it has booted, with its place in the order of publications where that is known; absent: nothing yet. */
  readonly running?: { readonly build: BuildName; readonly sequence?: number | undefined } | undefined;
  /** Version of its Satchel, `major.minor.patch`. */
  readonly client: string;
};

/** What time it is for a decision, milliseconds since 1970. */
export type DecisionTimes = {
  /** When the newest timestamp was signed: stages are judged by it and not by a device's clock. */
  readonly issued: number;
  /** The clock, or the floor of trusted time where that is later. Quiet times count if either falls into them. */
  readonly now: number;
};

/** What a device is to run, and why. */
export type Decision = Taking | StayingOn;

/** It takes a build. */
export type Taking = {
  readonly decision: 'take';
  readonly build: BuildName;
  readonly because: 'everybody' | 'share' | 'early' | 'back' | 'waypoint' | 'client';
  /** Its place among 10000, and the share of them that may take the build by now; where shares decide. */
  readonly bucket?: number;
  readonly share?: number;
};

/** It keeps what it has. */
export type StayingOn = {
  readonly decision: 'stay';
  readonly because:
    | 'current'
    | 'halted'
    | 'paused'
    | 'not-before'
    | 'quiet'
    | 'share'
    | 'reserved'
    | 'not-included'
    | 'client-too-old'
    /** It runs what was published after the head, and nobody led the stream back. */
    | 'newer';
  readonly bucket?: number;
  readonly share?: number;
  /** When the plan as signed lets it in, milliseconds since 1970; absent where it does not say. */
  readonly next?: number;
  /** What the operator gave as the reason, where there is one. */
  readonly reason?: string;
};
