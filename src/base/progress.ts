import type { MessageCode, MessageParameters } from './catalogue.ts';

/** The visible steps of long operations, in the design's words. */
export type Step =
  | 'read'
  | 'pack'
  | 'store'
  | 'delta'
  | 'sign'
  | 'check'
  | 'plan'
  | 'fetch'
  | 'stage'
  | 'verify'
  | 'switch'
  | 'delete';

/** How far a step is; `total` is absent when it is not known beforehand. */
export type Progress = {
  readonly step: Step;
  readonly done: number;
  readonly total?: number;
  readonly unit: 'bytes' | 'files' | 'entries';
};

/**
 * Where long operations tell how they go. Progress may be dropped or thinned out by the listener;
 * a notice is a sentence that a person should see once.
 */
export interface Reporter {
  progress(progress: Progress): void;
  notice(code: MessageCode, parameters?: MessageParameters): void;
}

/**
 * Shows one of several equal pieces of work as a part of the whole, of which `before` is done when it begins. Steps that
 * `isCounted` denies are not shown.
 */
export function partOfWhole(
  reporter: Reporter,
  { before, total }: { readonly before: number; readonly total: number },
  isCounted: (step: Step) => boolean = () => true,
): Reporter {
  return {
    progress(progress) {
      if (isCounted(progress.step))
        reporter.progress({ ...progress, done: Math.min(before + progress.done, total), total });
    },
    notice: (code, parameters) => reporter.notice(code, parameters),
  };
}

/** A reporter that drops everything, for callers that do not listen. */
export const silentReporter: Reporter = { progress() {}, notice() {} };
