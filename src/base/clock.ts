/** The time as milliseconds since 1970, UTC. Passed in wherever time matters, so that tests can set it. */
export type Clock = () => number;

/** The machine's own clock. */
export const systemClock: Clock = () => Date.now();
