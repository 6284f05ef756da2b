import type { MessageSet } from '../message.ts';

/** Sentences of `src/formats/`. */
export const formatsMessages = {} as const satisfies MessageSet;
