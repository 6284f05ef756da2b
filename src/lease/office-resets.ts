import type { Serial } from './laptop.ts';

/** So long an answer is given again, and so long is counted, in milliseconds. */
const minute = 60_000;

/** So many answers are made in a minute for all laptops, and for one. A laptop asks four times in a minute. */
const mostMade = 300;
const mostForOne = 6;

/**
 * Keeps the key of a place from being spent on clocks: anybody may ask for any laptop, with any time and count, and each
 * answer costs a signature. The same question gets the same answer for a minute.
 */
export function keepResets(now: () => number) {
  type Asked = { readonly at: number; readonly serial: Serial; readonly answer: Promise<string | undefined> };
  const made = new Map<string, Asked>();
  const forget = () => {
    const time = now();
    for (const [question, { at }] of made) {
      if (time - at < minute) return;
      made.delete(question);
    }
  };
  return {
    /** The answer that was made to a question, or that `make` makes; undefined when too much was asked. */
    answer(
      serial: Serial,
      question: string,
      make: () => Promise<string | undefined>,
    ): Promise<string | undefined> {
      forget();
      const known = made.get(question);
      if (known !== undefined) return known.answer;
      const ofOne = [...made.values()].filter((each) => each.serial === serial).length;
      if (made.size >= mostMade || ofOne >= mostForOne) return Promise.resolve(undefined);
      const answer = make();
      made.set(question, { at: now(), serial, answer });
      // What failed may be tried again.
      void answer.then((line) => line === undefined && made.delete(question));
      return answer;
    },
  };
}
