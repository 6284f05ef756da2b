import { type ByteString, displayOf } from '../base/byte-string.ts';
import type { MessageCode } from '../base/catalogue.ts';
import type { Reporter } from '../base/progress.ts';

/** How many notices of one kind are shown one by one; the rest is told as a number. */
const shownEach = 10;

/** Says one thing about many paths without flooding the person who reads it. */
export interface CountedNotices {
  add(path: ByteString): void;
  /** Says how many more there were, if any. */
  finish(): void;
}

/** `each` has the parameter `path`; `more`, said at the end, has the parameter `count`. */
export function countedNotices(reporter: Reporter, each: MessageCode, more: MessageCode): CountedNotices {
  let seen = 0;
  return {
    add(path) {
      seen += 1;
      if (seen <= shownEach) reporter.notice(each, { path: displayOf(path) });
    },
    finish() {
      if (seen > shownEach) reporter.notice(more, { count: seen - shownEach });
    },
  };
}
