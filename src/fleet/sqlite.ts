import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { SqliteDialect } from 'kysely';
import { SatchelError } from '../base/errors.ts';
import { withSystemErrors } from '../os/system-error.ts';

/** Milliseconds that a process waits for another that writes. */
const patience = 5000;

/** Bytes of a page of the database file. */
const pageSize = 4096;

/** Kysely over the SQLite of Node.js. */
export type Sqlite = {
  readonly dialect: SqliteDialect;
  close(): void;
};

/**
 * Opens (or makes) a database. What is committed is on disk: whoever is told that a report is stored forgets it. Many
 * may read while one writes. Throws `fleet-damaged`, `fleet-busy`, `permission-denied`.
 */
export function openSqlite(path: string, { limit }: { readonly limit?: number | undefined } = {}): Sqlite {
  const folder = dirname(path);
  // Who has which device is nobody else's business.
  withSystemErrors('mkdir', folder, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
  return inSqlite(path, () => {
    const database = new DatabaseSync(path, { timeout: patience });
    try {
      chmodSync(path, 0o600);
      database.exec('pragma journal_mode = wal');
      database.exec('pragma synchronous = full');
      if (limit !== undefined)
        database.exec(`pragma max_page_count = ${Math.max(1, Math.floor(limit / pageSize))}`);
    } catch (error) {
      database.close();
      throw error;
    }
    const close = () => {
      if (database.isOpen) database.close();
    };
    return { close, dialect: new SqliteDialect({ database: { close, prepare: preparer(database) } }) };
  });
}

/** Runs what uses the database at `path`, and turns what SQLite throws into a sentence. */
function inSqlite<Result>(path: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw explain(error, path);
  }
}

/** What SQLite threw as a sentence; any other error as it is. */
export function explain(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return error;
  // The low byte is the kind of failure, the rest says more of it (https://sqlite.org/rescode.html).
  switch (error.errcode & 0xff) {
    case 5:
    case 6:
      return new SatchelError('fleet-busy', { path }, { cause: error });
    case 11:
    case 26:
      return new SatchelError('fleet-damaged', { path }, { cause: error });
    case 13:
      return new SatchelError('fleet-full', { path }, { cause: error });
    case 3:
    case 8:
    case 10:
    case 14:
      return new SatchelError('fleet-not-usable', { path, reason: error.message }, { cause: error });
    default:
      return error;
  }
}

/** The part of another package's interface that kysely asks for. */
function preparer(database: DatabaseSync) {
  return (sql: string) => {
    // A transaction that began by reading could not go on to write while another process does.
    const statement = database.prepare(sql === 'begin' ? 'begin immediate' : sql);
    return {
      reader: statement.columns().length > 0,
      all: (values: readonly unknown[]) => statement.all(...(values as SQLInputValue[])),
      run: (values: readonly unknown[]) => statement.run(...(values as SQLInputValue[])),
      iterate: (values: readonly unknown[]) => statement.iterate(...(values as SQLInputValue[])),
    };
  };
}
