import type { Kysely } from 'kysely';
import type { FleetTables } from './tables.ts';

/** Milliseconds for which a report is kept. */
const keptFor = 400 * 86_400_000;

/** Reports that are removed in one step: others may write between two. */
const stepLength = 5000;

/**
 * Removes reports that arrived more than 400 days ago, whether or not they went on; what they told of the state of a
 * device stays. Gives how many there were.
 */
export async function removeOldReports(database: Kysely<FleetTables>, now: number): Promise<number> {
  let removed = 0;
  for (;;) {
    const { numDeletedRows } = await database
      .deleteFrom('reports')
      .where('number', 'in', (reports) =>
        reports
          .selectFrom('reports')
          .select('number')
          .where('received', '<', now - keptFor)
          .limit(stepLength),
      )
      .executeTakeFirst();
    removed += Number(numDeletedRows);
    if (numDeletedRows < stepLength) return removed;
  }
}
