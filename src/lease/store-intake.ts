import { throwIfCancelled } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import { type LeaseEntry, readLeases } from './collection.ts';
import { readLaptops } from './laptops.ts';
import { type LaptopRecord, parseRecord } from './records.ts';
import { linesIn } from './store-merge.ts';

/** What was taken: how many lines of each kind. */
export type Taken = {
  readonly leases: number;
  readonly delegations: number;
  readonly laptops: number;
  /** Left out: records that no place hands out, such as developer keys. */
  readonly others: number;
  /** Left out: records whose signatures their laptops would not believe. */
  readonly wrong: number;
};

/** How records are taken. */
export type TakeOptions = {
  /** False for a record that is to be left out; all are taken when absent. */
  readonly isRight?: ((record: LaptopRecord) => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** Reads what a store keeps from a file of any of the forms that it takes, and counts it in `taken`. */
export async function* readTakeable(
  source: AsyncIterable<Uint8Array>,
  path: string,
  { taken, ...options }: TakeOptions & { readonly taken: Counts },
): AsyncGenerator<LeaseEntry> {
  const { first, whole } = await peek(source);
  if (/^\[1,|^[a-z]{3}0[1-9]: /.test(first)) yield* records(whole, { taken, ...options });
  else
    for await (const { serial, uuid } of readLaptops(whole, path)) {
      throwIfCancelled(options.signal);
      taken.laptops += 1;
      yield { serial, lines: `${serial},${uuid}\n` };
    }
}

type Counts = { -readonly [Name in keyof Taken]: Taken[Name] };

async function* records(
  source: AsyncIterable<Uint8Array>,
  { taken, isRight = () => true, signal }: TakeOptions & { readonly taken: Counts },
): AsyncGenerator<LeaseEntry> {
  for await (const { serial, lines } of readLeases(source)) {
    throwIfCancelled(signal);
    let kept = '';
    for (const line of linesIn(lines)) {
      const record = parseRecord(line);
      if (record.serial !== serial) throw new SatchelError('lease-line-invalid', { line: line.slice(0, 80) });
      const kind = keptKind(record);
      if (kind === undefined) taken.others += 1;
      else if (!isRight(record)) taken.wrong += 1;
      else {
        taken[kind] += 1;
        kept += `${line}\n`;
      }
    }
    if (kept !== '') yield { serial, lines: kept };
  }
}

function keptKind({ type }: LaptopRecord): 'leases' | 'delegations' | undefined {
  if (type === 'act01') return 'leases';
  return type === 'del01' ? 'delegations' : undefined;
}

/** The first characters, and the whole from the beginning. */
async function peek(
  source: AsyncIterable<Uint8Array>,
): Promise<{ readonly first: string; readonly whole: AsyncIterable<Uint8Array> }> {
  const pieces = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let rest = await pieces.next();
  while (rest.done !== true && head.length < 8) {
    head = Buffer.concat([head, rest.value]);
    rest = await pieces.next();
  }
  async function* whole(): AsyncGenerator<Uint8Array> {
    try {
      yield head;
      for (; rest.done !== true; rest = await pieces.next()) yield rest.value;
    } finally {
      await pieces.return?.();
    }
  }
  return { first: head.toString('latin1', 0, 8), whole: whole() };
}
