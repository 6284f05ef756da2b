import { type Language, type MessageCode, type MessageParameters, say } from '../base/catalogue.ts';
import { isSatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { type DropRecord, type DropTrouble, readDropRecord, troubleOf } from './drop-record.ts';
import type { RsyncLayout } from './layout.ts';

/** Something that keeps a set of files from being published, or a build from being withdrawn. */
export type DropProblem = {
  /** What the names of the files have in common; absent when it concerns the whole directory. */
  readonly set?: string;
  readonly name?: BuildName;
  readonly code: MessageCode;
  readonly parameters: MessageParameters;
  /** The English sentence, and what to do. */
  readonly message: string;
};

/** What waits, and what somebody has to mend. */
export type DropProblems = {
  readonly waiting: readonly DropProblem[];
  readonly problems: readonly DropProblem[];
};

/** The problems of the last refresh, from its record; none when there has never been one. Throws nothing. */
export function readDropProblems(layout: RsyncLayout): DropProblems {
  try {
    return dropProblems(readDropRecord(layout));
  } catch (error) {
    if (!isSatchelError(error)) throw error;
    return { waiting: [], problems: [problem(troubleOf(error))] };
  }
}

/** The problems that a record tells of. */
export function dropProblems({ sets, builds, trouble }: DropRecord): DropProblems {
  const waiting: DropProblem[] = [];
  const problems: DropProblem[] = trouble === undefined ? [] : [problem(trouble)];
  for (const outcome of [...sets.values()].sort((a, b) => (a.set < b.set ? -1 : 1))) {
    if (outcome.trouble === undefined) continue;
    (outcome.state === 'waiting' ? waiting : problems).push(problem(outcome.trouble, outcome));
  }
  for (const build of builds.values()) {
    if (build.trouble === undefined) continue;
    const waits = build.trouble.code === 'drop-withdrawal-unsigned';
    (waits ? waiting : problems).push(problem(build.trouble, build));
  }
  return { waiting, problems };
}

/** A problem as one sentence that says which files it is about, and what to do where that is known. */
export function problemSentence({ set, code, parameters }: DropProblem, language: Language): string {
  const reason = withNextStep(code, parameters, language);
  return set === undefined || Object.hasOwn(parameters, 'set')
    ? reason
    : say('drop-problem', { set, reason }, language).text;
}

/** Whoever reads it on a page or in a log has no other place to look for what to do. */
function withNextStep(code: MessageCode, parameters: MessageParameters, language: Language): string {
  const { text, hint } = say(code, parameters, language);
  return hint === undefined ? text : `${text} ${hint}`;
}

function problem(
  { code, parameters }: DropTrouble,
  about: { readonly set?: string; readonly name?: BuildName } = {},
): DropProblem {
  const { set, name } = about;
  return {
    ...(set === undefined ? {} : { set }),
    ...(name === undefined ? {} : { name }),
    code,
    parameters,
    message: withNextStep(code, parameters, 'en'),
  };
}
