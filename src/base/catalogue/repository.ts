import type { MessageSet } from '../message.ts';

/** Sentences of `src/repository/`. */
export const repositoryMessages = {} as const satisfies MessageSet;
