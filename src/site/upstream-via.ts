import { AsyncLocalStorage } from 'node:async_hooks';

/** As many places may stand one below the other; beyond that a request goes round in circles. */
const mostPlaces = 16;

/**
 * The places that the request which is being answered has come through. It follows the work that the request causes,
 * however many hands that passes through, so that the upstream is told of it.
 */
const cause = new AsyncLocalStorage<readonly string[]>();

/** Runs what a request causes; `via` are the places that the request has come through, the last one first. */
export function causedBy<Result>(via: readonly string[], action: () => Result): Result {
  return cause.run(via, action);
}

/** The places that what happens now was caused through; none for what the site does by itself. */
export function presentCause(): readonly string[] {
  return cause.getStore() ?? [];
}

/** The header of a request to the upstream of the place with this id; none for what no place asks. */
export function viaHeaders(id: string | undefined): Readonly<Record<string, string>> {
  if (id === undefined) return {};
  return { 'Satchel-Via': [id, ...presentCause()].slice(0, mostPlaces).join(', ') };
}
