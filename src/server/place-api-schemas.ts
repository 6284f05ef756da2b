import { z } from 'zod';
import { count } from '../fleet/report-schema.ts';
import { isSiteId, isSiteName } from '../site/settings.ts';
import type { Place } from './place.ts';

/** How a site asks to be admitted. */
export type JoinRequest = {
  readonly token: string;
  readonly site: { readonly id: string; readonly name: string };
};

/** What a site that joins sends. */
export const joinSchema = z.object({
  token: z.string().min(1).max(512),
  site: z.object({
    id: z.string().refine(isSiteId).meta({ description: '16 hex digits' }),
    name: z.string().refine(isSiteName),
  }),
}) satisfies z.ZodType<JoinRequest>;

/** What it gets. */
export const admittedSchema = z.object({
  credential: z.string().meta({ description: 'For `Authorization: Bearer`' }),
});

/** What a place tells of itself. */
export const placeSchema = z.object({
  satchel: z.literal('place'),
  format: z.literal(1),
  kind: z.enum(['origin', 'site']),
  id: z.string(),
  name: z.string(),
  chain: z
    .array(z.string())
    .meta({ description: 'Its own id, that of its upstream, and so on, as far as they are known' }),
}) satisfies z.ZodType<Place>;

/** What became of reports. */
export const storedSchema = z.object({
  stored: count,
  known: count.meta({ description: 'Had been stored before' }),
  refused: count
    .exactOptional()
    .meta({ description: 'Not understood, or from a revoked site; never send them again' }),
  revoked: z
    .array(z.string())
    .exactOptional()
    .meta({ description: 'Sites whose credential is worth nothing any more' }),
});
