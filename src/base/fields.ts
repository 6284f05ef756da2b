import { SatchelError } from './errors.ts';
import { type BuildName, buildName, isSha256, type Sha256 } from './identifiers.ts';

/**
 * Reads the fields of a small JSON record at the border, once, with a sentence for the first that is wrong.
 * (A schema library would take longer to load than a device takes to find that it has nothing to do.)
 */
export class Fields {
  readonly #record: Record<string, unknown>;
  readonly #what: string;

  /** `value` must be a JSON object; `what` names the record for people. Throws `record-invalid`. */
  constructor(value: unknown, what: string) {
    this.#what = what;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.wrong('{}');
    this.#record = value as Record<string, unknown>;
  }

  /** Parses JSON text of one object. Throws `record-invalid`. */
  static parse(bytes: Uint8Array, what: string): Fields {
    try {
      return new Fields(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)), what);
    } catch (error) {
      if (error instanceof SatchelError) throw error;
      throw new SatchelError('record-invalid', { what, field: 'JSON' }, { cause: error });
    }
  }

  /** The error for a field with a wrong value. */
  wrong(field: string): SatchelError {
    return new SatchelError('record-invalid', { what: this.#what, field });
  }

  /** True when the field is there at all. */
  has(name: string): boolean {
    return Object.hasOwn(this.#record, name) && this.#record[name] !== undefined;
  }

  text(name: string): string {
    const value = this.#record[name];
    if (typeof value !== 'string') throw this.wrong(name);
    return value;
  }

  /** A whole number from 0 to 2^53 − 1, or to `most`: a length, a count or a time. */
  count(name: string, most = Number.MAX_SAFE_INTEGER): number {
    const value = this.#record[name];
    if (!isCount(value) || value > most) throw this.wrong(name);
    return value;
  }

  flag(name: string): boolean {
    const value = this.#record[name];
    if (typeof value !== 'boolean') throw this.wrong(name);
    return value;
  }

  sha256(name: string): Sha256 {
    const value = this.text(name);
    if (!isSha256(value)) throw this.wrong(name);
    return value;
  }

  buildName(name: string): BuildName {
    return buildName(this.text(name));
  }

  /** A time in UTC, `2026-01-31T12:00:00Z`, as text. */
  time(name: string): string {
    const value = this.text(name);
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value) || Number.isNaN(Date.parse(value)))
      throw this.wrong(name);
    return value;
  }

  record(name: string): Fields {
    return new Fields(this.#record[name], `${this.#what}, ${name}`);
  }

  list(name: string): Fields[] {
    const value = this.#record[name];
    if (!Array.isArray(value)) throw this.wrong(name);
    return value.map((item, number) => new Fields(item, `${this.#what}, ${name} ${number + 1}`));
  }

  /** A list of texts. */
  texts(name: string): string[] {
    const value = this.#record[name];
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) throw this.wrong(name);
    return value;
  }

  /** The whole record, when it holds only texts and finite numbers. */
  scalars(): Readonly<Record<string, string | number>> {
    const values: Record<string, string | number> = {};
    for (const [name, value] of Object.entries(this.#record)) {
      if (typeof value !== 'string' && (typeof value !== 'number' || !Number.isFinite(value)))
        throw this.wrong(name);
      values[name] = value;
    }
    return values;
  }

  /** A list of pairs of whole numbers, each from 0 to 2^53 − 1. */
  pairs(name: string): (readonly [number, number])[] {
    const value: unknown = this.#record[name];
    if (!Array.isArray(value)) throw this.wrong(name);
    return value.map((item: unknown) => {
      const [first, second, ...more]: readonly unknown[] = Array.isArray(item) ? item : [];
      if (!isCount(first) || !isCount(second) || more.length > 0) throw this.wrong(name);
      return [first, second] as const;
    });
  }

  /** Checks the kind and format number that every record begins with. Throws `record-newer`, `record-invalid`. */
  expectFormat(kind: string, newest: number): void {
    if (this.text('satchel') !== kind) throw this.wrong('satchel');
    const format = this.count('format');
    if (format > newest) throw new SatchelError('record-newer', { what: this.#what, format, newest });
    if (format < 1) throw this.wrong('format');
  }

  /** The JSON text of the record in the order it was read, for comparing with a signed hash. Throws `record-invalid`. */
  bytes(): Uint8Array {
    try {
      return Buffer.from(JSON.stringify(this.#record), 'utf8');
    } catch (cause) {
      // Lists in lists that are read without a stack, but not written.
      throw new SatchelError('record-invalid', { what: this.#what, field: 'JSON' }, { cause });
    }
  }
}

/** Nobody writes -0, and it would not come back as it was read. */
function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0);
}

/** The time in the form that records carry: UTC, whole seconds. */
export function recordTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
