import type { MessageSet } from '../message.ts';

/** Sentences of `src/store/`. */
export const storeMessages = {} as const satisfies MessageSet;
