/** Where the parts of the service say what happens; a logger of pino is one. Sentences are English. */
export type ServiceLog = {
  debug(sentence: string): void;
  info(sentence: string): void;
  warn(sentence: string): void;
};
