/**
 * How much a small input may grow before it is taken for a bomb. Refused is what grows beyond `absolute` bytes, and
 * what is larger than `floor` bytes and than `ratio` times its input. So an honest file of 4 GB of zeros passes
 * in every format (it stays below the floor), gzip data always passes the ratio (gzip reaches 1032 at most), and
 * 10 MB of bzip2 that would grow to 100 GB are stopped at 20 GB.
 */
export type ExpansionLimit = {
  /** Never more bytes than this. */
  readonly absolute: number;
  /** Below this many bytes the ratio is not looked at. */
  readonly floor: number;
  /** Bytes out for each byte in. */
  readonly ratio: number;
};

/** 1 TiB in all; above 8 GiB at most 2000 times the input. */
export const defaultExpansionLimit: ExpansionLimit = { absolute: 2 ** 40, floor: 2 ** 33, ratio: 2000 };

/** Bytes that so large an input may become. */
export function mostBytes({ absolute, floor, ratio }: ExpansionLimit, consumed: number): number {
  return Math.min(absolute, Math.max(floor, ratio * consumed));
}

/** True when `produced` bytes out of `consumed` are more than the limit allows. */
export function isBeyond(limit: ExpansionLimit, produced: number, consumed: number): boolean {
  return produced > mostBytes(limit, consumed);
}
