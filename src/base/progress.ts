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

/** A reporter that drops everything, for callers that do not listen. */
export const silentReporter: Reporter = { progress() {}, notice() {} };
