import type { MessageSet } from '../message.ts';

/** Sentences of `src/device/`. */
export const deviceMessages = {} as const satisfies MessageSet;
