import { SatchelError } from '../base/errors.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { parseReports } from '../fleet/report-schema.ts';
import type { Api, Place } from './api.ts';
import { type JoinRequest, joinSchema } from './place-api-schemas.ts';

export type { JoinRequest } from './place-api-schemas.ts';

/** What stands behind the API of a place. */
export type PlaceApiOptions = {
  /** Opened by the first who has something to tell: a place that nobody reports to needs no database. */
  readonly fleet: () => Promise<Fleet>;
  readonly place: () => Promise<Place>;
  /** At a site: asks the place above to admit a site, for tokens are the origin's. Absent: this is the origin. */
  readonly admitAbove?:
    | ((
        request: JoinRequest,
        how: { readonly signal: AbortSignal },
      ) => Promise<{ readonly credential: string }>)
    | undefined;
};

/** The API of an origin or a site over its fleet database. */
export function placeApi({ fleet, place, admitAbove }: PlaceApiOptions): Api {
  return {
    place,
    siteOf: async (credential) => (await (await fleet()).siteOfCredential(credential))?.id,
    async storeReports(body, { site }) {
      const { reports, refused } = parseReports(body);
      const { stored, known, dropped = 0, revoked } = await (await fleet()).storeReports(reports, { site });
      const unwanted = refused + dropped;
      return { stored, known, ...(unwanted > 0 && { refused: unwanted }), ...(revoked && { revoked }) };
    },
    async admitSite(body, how) {
      const request = parseJoin(body);
      if (admitAbove === undefined) return await (await fleet()).redeemToken(request.token, request.site);
      const { credential } = await admitAbove(request, how);
      // What the site sends from now on is believed, also while the place above is out of reach.
      await (await fleet()).rememberSite(request.site, { credential });
      return { credential };
    },
  };
}

/** Names the field that is wrong, and nothing of what was in it. */
function parseJoin(body: unknown): JoinRequest {
  const parsed = joinSchema.safeParse(body);
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path.map(String).join('.') || 'token';
  throw new SatchelError('record-invalid', { what: 'site', field: field.slice(0, 100) });
}
