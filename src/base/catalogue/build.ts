import type { MessageSet } from '../message.ts';

/** Sentences of `src/build/`. */
export const buildMessages = {} as const satisfies MessageSet;
