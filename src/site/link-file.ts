import { type MessageCode, type MessageParameters, messages } from '../base/catalogue.ts';
import type { Clock } from '../base/clock.ts';
import { isSatchelError, type SatchelError } from '../base/errors.ts';
import { type Fields, recordTime } from '../base/fields.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readRecordIfGood } from '../os/record-file.ts';
import { blendRates, type LinkRate } from '../plan/link.ts';

/** A failure as it is kept: its sentence is said in the language of whoever reads it. */
export type Told = {
  /** When, UTC. */
  readonly at: string;
  readonly code: MessageCode;
  readonly parameters: MessageParameters;
};

/** What is known about the link to the upstream. */
export type LinkState = {
  /** How fast it was; undefined before content has come over it. */
  readonly rate?: LinkRate;
  /** When the upstream last answered, UTC. */
  readonly contacted?: string;
  /** Since when it has not answered, UTC; undefined while it does. */
  readonly downSince?: string;
  /** Failures in a row. */
  readonly failures: number;
  /** The last failure, also after the link is up again. */
  readonly lastFailure?: Told;
  /** When the upstream was last asked for news with success, UTC. */
  readonly checked?: string;
  /** Why what it said last was refused; undefined when it was good. */
  readonly problem?: Told;
  /** Why it takes no reports of this site; undefined while it does, and before it was asked. */
  readonly reports?: Told;
};

/** Keeps what is known about a link; it only informs, so that a damaged file counts as none. */
export type LinkFile = {
  state(): LinkState;
  contacted(): void;
  failed(error: SatchelError): void;
  measured(rate: LinkRate): void;
  /** The news of the upstream were asked for: undefined when they were good. */
  checked(problem: SatchelError | undefined): void;
  /** The upstream was brought reports: undefined when it took them. Undefined too when the site has joined anew. */
  reported(problem: SatchelError | undefined): void;
};

const format = 1;

/** What changes nothing but a time is written after so many milliseconds at the earliest: flash wears out. */
const quietPause = 60_000;

/** What is known about the link of a site. */
export function readLinkState({ link: path }: { readonly link: string }): LinkState {
  return readRecordIfGood(path, parseState) ?? { failures: 0 };
}

/** Opens the file; several processes may, since each change begins with what is there. */
export function openLinkFile(layout: { readonly link: string }, clock: Clock): LinkFile {
  const now = () => recordTime(clock());
  const state = () => readLinkState(layout);
  const isRecent = (time: string | undefined) => {
    const age = time === undefined ? -1 : clock() - Date.parse(time);
    return age >= 0 && age < quietPause;
  };
  const change = (next: (before: LinkState) => LinkState) => {
    const after = next(state());
    const record = { satchel: 'site-link', format, ...after };
    try {
      writeFileAtomic(layout.link, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 });
    } catch (error) {
      // A full or failing disk is told by what matters more than this.
      if (!isSatchelError(error)) throw error;
    }
  };
  return {
    state,
    contacted() {
      const { contacted, downSince } = state();
      if (downSince === undefined && isRecent(contacted)) return;
      change(({ downSince: _, ...before }) => ({ ...before, failures: 0, contacted: now() }));
    },
    failed: (error) =>
      change((before) => ({
        ...before,
        downSince: before.downSince ?? now(),
        failures: before.failures + 1,
        lastFailure: toldOf(error, now()),
      })),
    measured: (rate) => change((before) => ({ ...before, rate: blendRates(before.rate, rate) })),
    checked(error) {
      const { checked, problem } = state();
      const isSame = error?.code === problem?.code;
      if (isSame && isRecent(problem === undefined ? checked : problem.at)) return;
      change(({ problem: _, ...before }) =>
        error === undefined ? { ...before, checked: now() } : { ...before, problem: toldOf(error, now()) },
      );
    },
    reported(error) {
      if (state().reports?.code === error?.code) return;
      change(({ reports: _, ...before }) =>
        error === undefined ? before : { ...before, reports: toldOf(error, now()) },
      );
    },
  };
}

/** A failure as it is kept. */
export function toldOf({ code, parameters }: SatchelError, at: string): Told {
  return { at, code, parameters };
}

function parseState(fields: Fields): LinkState {
  fields.expectFormat('site-link', format);
  const time = (name: 'contacted' | 'downSince' | 'checked') =>
    fields.has(name) ? { [name]: fields.time(name) } : {};
  const told = (name: 'lastFailure' | 'problem' | 'reports') =>
    fields.has(name) ? { [name]: parseTold(fields.record(name)) } : {};
  return {
    failures: fields.count('failures'),
    ...(fields.has('rate') ? { rate: parseRate(fields.record('rate')) } : {}),
    ...time('contacted'),
    ...time('downSince'),
    ...time('checked'),
    ...told('lastFailure'),
    ...told('problem'),
    ...told('reports'),
  };
}

function parseRate(fields: Fields): LinkRate {
  const { bytesPerSecond, roundTrip } = fields.scalars();
  if (!isAmount(bytesPerSecond) || bytesPerSecond === 0) throw fields.wrong('bytesPerSecond');
  if (!isAmount(roundTrip)) throw fields.wrong('roundTrip');
  return { bytesPerSecond, roundTrip };
}

function isAmount(value: string | number | undefined): value is number {
  return typeof value === 'number' && value >= 0;
}

function parseTold(fields: Fields): Told {
  const code = fields.text('code');
  if (!Object.hasOwn(messages, code)) throw fields.wrong('code');
  return {
    at: fields.time('at'),
    code: code as MessageCode,
    parameters: fields.record('parameters').scalars(),
  };
}
