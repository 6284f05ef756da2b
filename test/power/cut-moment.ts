import type { PoweredMachine, PowerStep } from './power-machine.ts';

/** When the power goes: so long after a step began, or at a write or flush of the disk after that. */
export type Moment = { readonly step: PowerStep } & (
  | { readonly milliseconds: number }
  | { readonly requests: number }
);

/** How long steps take on this machine, learned while they run. */
export type StepLengths = {
  learn(step: PowerStep, length: { milliseconds: number; requests: number }): void;
  /** A random moment within a step, a little beyond its end included. */
  moment(step: PowerStep): Moment;
};

const firstGuess = { milliseconds: 2000, requests: 60 } as const;

/** Learns from every step that ended undisturbed; the newest counts for a third. */
export function stepLengths(random: () => number): StepLengths {
  const known = new Map<PowerStep, { milliseconds: number; requests: number }>();
  return {
    learn(step, { milliseconds, requests }) {
      const before = known.get(step) ?? { milliseconds, requests };
      const mix = (old: number, latest: number) => (old * 2 + latest) / 3;
      known.set(step, {
        milliseconds: mix(before.milliseconds, milliseconds),
        requests: mix(before.requests, requests),
      });
    },
    moment(step) {
      const { milliseconds, requests } = known.get(step) ?? firstGuess;
      const part = random() * 1.05;
      // What matters happens between two requests of the disk; most of the time nothing does.
      if (requests >= 1 && random() < 0.6) return { step, requests: 1 + Math.floor(part * requests) };
      return { step, milliseconds: part * milliseconds };
    },
  };
}

/** Counts what the machine does step by step, and cuts its power at one moment. */
export type StepWatch = {
  /** A step begins, and the one before ends. */
  begin(step: PowerStep): Promise<void>;
  /** From now on the power may go. */
  arm(moment: Moment): void;
  /** In which step the machine is, and for how long. */
  now(): { readonly step: PowerStep; readonly milliseconds: number; readonly atRequest: boolean };
  /** Whether the power is to go in this step. */
  isArmedFor(step: PowerStep): boolean;
  /** Resolves when the power has been cut. */
  readonly cut: Promise<void>;
  /** The machine stays on, whatever was planned. */
  disarm(): void;
};

/** Watches a machine that is booting. */
export function watchSteps({ disk, cutPower }: PoweredMachine, lengths: StepLengths): StepWatch {
  let step: PowerStep = 'boot';
  let began = performance.now();
  let requestsBefore = 0;
  let armed: Moment | undefined;
  let planned: Moment | undefined;
  let atRequest = false;
  let timer: NodeJS.Timeout | undefined;
  const { promise: cut, resolve } = Promise.withResolvers<void>();
  const goOff = () => void cutPower().then(resolve);
  // The disk ends itself at the request that was chosen; the guest follows at once.
  void disk.off.then(goOff);
  const fire = () => {
    if (armed?.step !== step) return;
    atRequest = 'requests' in armed;
    if ('requests' in armed) disk.cutAfter(armed.requests);
    else timer = setTimeout(goOff, armed.milliseconds);
    armed = undefined;
  };
  return {
    async begin(next) {
      if (next === step) return;
      const ended = { step, milliseconds: performance.now() - began };
      step = next;
      began = performance.now();
      fire();
      const { writes, flushes } = await disk.counters();
      lengths.learn(ended.step, { ...ended, requests: writes + flushes - requestsBefore });
      requestsBefore = writes + flushes;
    },
    arm(moment) {
      armed = moment;
      planned = moment;
      fire();
    },
    now: () => ({ step, milliseconds: performance.now() - began, atRequest }),
    isArmedFor: (wanted) => planned?.step === wanted,
    cut,
    disarm() {
      armed = undefined;
      clearTimeout(timer);
      disk.cutAfter(Number.POSITIVE_INFINITY);
    },
  };
}
