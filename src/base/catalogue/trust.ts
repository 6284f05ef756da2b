import type { MessageSet } from '../message.ts';

/** Sentences of `src/trust/`. */
export const trustMessages = {} as const satisfies MessageSet;
