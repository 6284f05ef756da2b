import type { MessageSet } from '../message.ts';

/** Sentences of `src/cli/`. */
export const cliMessages = {} as const satisfies MessageSet;
