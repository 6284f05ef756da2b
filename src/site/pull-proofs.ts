import type { Content, Unit } from './pull-content.ts';
import type { PartFile } from './pull-part-file.ts';

/** How a unit did; `isFromUpstream` is false for bytes that an earlier process had received. */
export type Judgement = { readonly isRight: boolean; readonly isFromUpstream: boolean };

/** What is known of the units of a file that is being received: which proved right, which were taken back. */
export type Proofs = {
  /** Compares a unit that is here, once for all who want that at the same time. */
  prove(unit: Unit): Promise<void>;
  /** Forgets the bytes of a unit that proved wrong. */
  distrust(unit: Unit): void;
  /** How often a unit was taken back: who reads it sees whether that happened meanwhile. */
  takenBack(unit: Unit): number;
  /** From now on bytes from `start` to `end` come from the upstream. */
  receives(start: number, end: number): void;
  /** Comparisons that are under way. */
  proving(): readonly Promise<void>[];
};

/** What proving works with. */
export type ProofOptions = {
  readonly part: PartFile;
  readonly content: Content;
  /** Something changed for those who wait. */
  wake(): void;
  judged(unit: Unit, judgement: Judgement): void;
  /** A unit was judged: perhaps everything is here. */
  done(): void;
};

/** Nothing is known at first. */
export function createProofs({ part, content, wake, judged, done }: ProofOptions): Proofs {
  const proving = new Map<number, Promise<void>>();
  /** By the first byte of the unit. */
  const takenBack = new Map<number, number>();
  /** First bytes of units that this process has received bytes of. */
  const received = new Set<number>();

  const distrust = (unit: Unit) => {
    takenBack.set(unit.start, (takenBack.get(unit.start) ?? 0) + 1);
    content.forget(unit);
    part.forget(unit.start, unit.end);
    received.delete(unit.start);
    wake();
  };
  const proveOnce = async (unit: Unit) => {
    const isFromUpstream = received.has(unit.start);
    const isRight = await content.prove(unit, part);
    if (!isRight) distrust(unit);
    judged(unit, { isRight, isFromUpstream });
    wake();
    done();
  };
  return {
    prove(unit) {
      const begun = proving.get(unit.start) ?? proveOnce(unit).finally(() => proving.delete(unit.start));
      proving.set(unit.start, begun);
      return begun;
    },
    distrust,
    takenBack: ({ start }) => takenBack.get(start) ?? 0,
    receives(start, end) {
      for (let at = start; at < end; ) {
        const unit = content.unitAt(at);
        received.add(unit.start);
        at = unit.end;
      }
    },
    proving: () => [...proving.values()],
  };
}
