import type { MessageSet } from '../message.ts';

/** Sentences of `src/pack/`. */
export const packMessages = {} as const satisfies MessageSet;
