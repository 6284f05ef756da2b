import type { BuildName } from '../base/identifiers.ts';
import type { DropLook } from './drop-look.ts';
import type { DropPlan } from './drop-plan.ts';
import {
  type DroppedBuild,
  type DropRecord,
  type DropTrouble,
  readDropRecord,
  type SetOutcome,
  writeDropRecord,
} from './drop-record.ts';
import type { RsyncLayout } from './layout.ts';

/** The record while a refresh changes it; every change is on disk before the next step is begun. */
export type DropKeeper = {
  record(): DropRecord;
  /** Takes over what the plan decided without work. */
  begin(look: DropLook, plan: DropPlan): void;
  outcome(outcome: SetOutcome): void;
  /** Counts a build among those that came from the drop directory. */
  own(build: DroppedBuild): void;
  disown(name: BuildName): void;
  /** Nothing went wrong with the refresh as a whole. */
  settle(): void;
  /** The refresh could not be done. */
  fail(trouble: DropTrouble): void;
};

/** Begins to keep the record of a directory. Reads it when it is first needed, since it may be damaged. */
export function keepRecord(layout: RsyncLayout): DropKeeper {
  let held: DropRecord | undefined;
  let onDisk = '';
  const record = () => {
    held ??= readDropRecord(layout);
    return held;
  };
  const text = ({ sets, builds, ...rest }: DropRecord) => JSON.stringify([rest, [...sets], [...builds]]);
  const change = (next: DropRecord) => {
    if (onDisk === '') onDisk = text(record());
    held = next;
    if (text(next) === onDisk) return;
    writeDropRecord(layout, next);
    onDisk = text(next);
  };
  return {
    record,
    begin({ sets: seen, inode }, { settled }) {
      const { sets, builds } = record();
      const there = new Set(seen.map(({ set }) => set));
      const stay = [...sets].filter(([set]) => there.has(set));
      const now = settled.map((outcome) => [outcome.set, outcome] as const);
      const names = new Set(seen.map(({ name }) => name));
      // What could not be withdrawn and has its file again is in order.
      const ours = [...builds.values()].map(({ name, set, ...rest }) => {
        const build = names.has(name) ? { name, set } : { name, set, ...rest };
        return [name, build] as const;
      });
      change({ inode, sets: new Map([...stay, ...now]), builds: new Map(ours) });
    },
    outcome(outcome) {
      const { sets, ...rest } = record();
      change({ ...rest, sets: new Map([...sets, [outcome.set, outcome]]) });
    },
    own(build) {
      const { builds, ...rest } = record();
      change({ ...rest, builds: new Map([...builds, [build.name, build]]) });
    },
    disown(name) {
      const { builds, ...rest } = record();
      change({ ...rest, builds: new Map([...builds].filter(([other]) => other !== name)) });
    },
    settle() {
      const { trouble: _, ...rest } = record();
      change(rest);
    },
    fail(trouble) {
      if (trouble.code !== 'record-invalid' && trouble.code !== 'record-newer')
        change({ ...record(), trouble });
    },
  };
}
