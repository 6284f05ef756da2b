/** One sentence for people, in one language; `hint` says what to do next. `{name}` stands for a parameter. */
export type Wording = { readonly text: string; readonly hint?: string };

/** One message of the catalogue: the same sentence in every language, and the exit code when it is an error. */
export type Message = {
  /** Exit code of the process when this message ends it: 1 failed (the default), 2 usage, 3 not found, 4 refused. */
  readonly exit?: 1 | 2 | 3 | 4;
  readonly en: Wording;
  readonly es: Wording;
};

/** The messages of one part of the system, by stable code. */
export type MessageSet = Readonly<Record<string, Message>>;
