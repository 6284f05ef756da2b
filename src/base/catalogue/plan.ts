import type { MessageSet } from '../message.ts';

/** Sentences of `src/plan/`. */
export const planMessages = {} as const satisfies MessageSet;
