import { isSatchelError, SatchelError } from '../base/errors.ts';
import type { HttpAnswer } from '../store/http.ts';
import type { Reading } from '../store/store.ts';
import type { LinkFile } from './link-file.ts';
import { type Attempt, createGate, type Gate, type GateTime } from './upstream-gate.ts';

/** Leaves an upstream alone that has just failed, as a whole or for one file. */
export type Patience = {
  /** True while `name`, or without one anything, fails at once. */
  isDown(name?: string): boolean;
  /** Resolves when the next attempt may be made. Throws `cancelled`. */
  untilTry(name?: string, signal?: AbortSignal): Promise<void>;
  /** Reads a file; its body counts too. Throws what `action` throws, `site-upstream-down`, `site-loop`. */
  read(name: string, signal: AbortSignal | undefined, action: () => Promise<Reading>): Promise<Reading>;
  /** Asks a program; what answers with a status from 500 counts as out of order. Throws as `read` does. */
  ask(name: string, signal: AbortSignal | undefined, action: () => Promise<HttpAnswer>): Promise<HttpAnswer>;
};

/** A body that brought fewer bytes than this before it broke off brought next to nothing. */
const leastProgress = 1024;

/** Files that are out of order at the same time; when more are, the upstream itself is. */
const mostNames = 256;

/** Makes the patience with one upstream; what it learns is kept in the file of the link. */
export function createPatience({
  upstream,
  file,
  time,
}: {
  readonly upstream: string;
  readonly file: LinkFile;
  readonly time: GateTime;
}): Patience {
  const link = createGate(time);
  const names = new Map<string, Gate>();
  const gatesOf = (name: string | undefined): Gate[] => {
    const gate = name === undefined ? undefined : names.get(name);
    return gate === undefined ? [link] : [link, gate];
  };
  const pauseOf = (name: string | undefined) => Math.max(...gatesOf(name).map((gate) => gate.pause()));
  const down = (name: string) =>
    new SatchelError('site-upstream-down', { upstream, retryAfter: Math.ceil(pauseOf(name) / 1000) || 1 });

  const begin = async (name: string, signal: AbortSignal | undefined): Promise<Attempt[]> => {
    const attempts: Attempt[] = [];
    for (const gate of gatesOf(name)) {
      const attempt = await gate.begin(signal).catch((error: unknown) => {
        for (const begun of attempts) begun.abandoned();
        throw error;
      });
      if (attempt === undefined) {
        for (const begun of attempts) begun.abandoned();
        throw down(name);
      }
      attempts.push(attempt);
    }
    return attempts;
  };
  const gateFor = (name: string): Gate => {
    const gate = names.get(name) ?? createGate(time);
    // The least recently failed goes first.
    names.delete(name);
    names.set(name, gate);
    for (const oldest of names.keys()) {
      if (names.size <= mostNames) break;
      names.delete(oldest);
    }
    return gate;
  };
  /** The file, or what it is asked of, is out of order there; the rest of the upstream need not be. */
  const outOfOrder = async (name: string, attempts: readonly Attempt[], retryAfter: number) => {
    attempts[0]?.succeeded();
    file.contacted();
    const attempt = attempts[1] ?? (await gateFor(name).begin());
    attempt?.failed(retryAfter);
  };
  const judge = async (error: unknown, name: string, attempts: readonly Attempt[]): Promise<unknown> => {
    const status = statusOf(error);
    if (status === 508) {
      for (const attempt of attempts) attempt.succeeded();
      return new SatchelError('site-loop', { upstream }, { cause: error });
    }
    if (status !== undefined) {
      await outOfOrder(name, attempts, Number((error as SatchelError).parameters.retryAfter ?? 0));
      return error;
    }
    if (isSatchelError(error, 'store-unreachable', 'store-stalled', 'store-certificate', 'store-too-short')) {
      const [ofLink] = attempts.map((attempt) => attempt.failed());
      if (ofLink) file.failed(error);
    } else if (isSatchelError(error, 'cancelled', 'data-budget-spent')) {
      for (const attempt of attempts) attempt.abandoned();
    } else succeed(name, attempts);
    return error;
  };
  const succeed = (name: string, attempts: readonly Attempt[]) => {
    for (const attempt of attempts) attempt.succeeded();
    if (attempts.length > 1) names.delete(name);
    file.contacted();
  };

  async function* watched(
    body: Reading['body'],
    name: string,
    attempts: readonly Attempt[],
  ): AsyncGenerator<Uint8Array> {
    let received = 0;
    let isOver = false;
    try {
      for await (const piece of body) {
        received += piece.length;
        yield piece;
      }
      isOver = true;
      succeed(name, attempts);
    } catch (error) {
      isOver = true;
      if (received < leastProgress) throw await judge(error, name, attempts);
      // It works, with cuts: the rest may be asked for at once.
      for (const attempt of attempts) attempt.succeeded();
      throw error;
    } finally {
      if (!isOver) for (const attempt of attempts) attempt.abandoned();
    }
  }

  return {
    isDown: (name) => pauseOf(name) > 0,
    async untilTry(name, signal) {
      for (let pause = pauseOf(name); pause > 0; pause = pauseOf(name)) await time.sleep(pause, signal);
    },
    async read(name, signal, action) {
      const attempts = await begin(name, signal);
      try {
        const { size, body } = await action();
        for (const attempt of attempts) attempt.answered();
        return { size, body: watched(body, name, attempts) };
      } catch (error) {
        throw await judge(error, name, attempts);
      }
    },
    async ask(name, signal, action) {
      const attempts = await begin(name, signal);
      let answer: HttpAnswer;
      try {
        answer = await action();
      } catch (error) {
        throw await judge(error, name, attempts);
      }
      if (answer.status < 500) {
        succeed(name, attempts);
        return answer;
      }
      const retryAfter = Number(answer.headers['retry-after'] ?? 0) || 0;
      const reason = `HTTP ${answer.status}`;
      throw await judge(
        new SatchelError('store-unreachable', { location: upstream, name, reason, retryAfter }),
        name,
        attempts,
      );
    },
  };
}

/** The status from 500 (or 408, 425, 429) that a failure stands for; undefined when nobody answered. */
function statusOf(error: unknown): number | undefined {
  if (!isSatchelError(error, 'store-unreachable')) return undefined;
  const match = /^HTTP (\d{3})$/.exec(String(error.parameters.reason));
  return match === null ? undefined : Number(match[1]);
}
