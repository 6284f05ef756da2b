import type { MessageSet } from '../message.ts';

/** Sentences of `src/os/`. */
export const osMessages = {} as const satisfies MessageSet;
