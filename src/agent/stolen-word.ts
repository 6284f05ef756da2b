/** What was said last about a device by those who may say that it is stolen; each word is signed. */

/** One word, and when it was signed (milliseconds since 1970). */
export type StolenWord = { readonly stolen: boolean; readonly at: number };

/** `list`: the signed list of the repository that it follows; `server`: a theft-deterrence server or a site. */
export type StolenWords = {
  readonly list?: StolenWord | undefined;
  readonly server?: StolenWord | undefined;
};

/**
 * Takes in a new word; of the same voice an older one changes nothing. What a server whose clock is wrong has said at a
 * time that has not come yet must not silence all who speak later. `now` is the clock, or the floor of time if that is
 * later, in milliseconds.
 */
export function hear(
  words: StolenWords,
  voice: keyof StolenWords,
  word: StolenWord,
  now: number,
): StolenWords {
  const { list, server } = words;
  const said = server !== undefined && server.at > now ? { list } : words;
  const before = said[voice];
  return before !== undefined && before.at > word.at ? said : { ...said, [voice]: word };
}

/**
 * Whether the device counts as stolen. The list comes from the origin and outweighs what was said before it was signed;
 * a server alone can never recover what the list names, since it may only not have heard of it yet.
 */
export function countsAsStolen({ list, server }: StolenWords): boolean {
  if (list?.stolen) return true;
  if (!server?.stolen) return false;
  return list === undefined || list.at <= server.at;
}
