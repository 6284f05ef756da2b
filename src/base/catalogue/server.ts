import type { MessageSet } from '../message.ts';

/** Sentences of `src/server/`. */
export const serverMessages = {} as const satisfies MessageSet;
