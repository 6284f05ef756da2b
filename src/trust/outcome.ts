import type { Published, PublishingContext } from './publication.ts';
import { makeSigningRequest, type SigningRequest } from './signing-request.ts';

/** How a publication ended. With `to-sign` nothing is visible to devices until the request comes back signed. */
export type PublishOutcome =
  | { readonly outcome: 'published'; readonly versions: Readonly<Record<string, number>> }
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'to-sign'; readonly request: SigningRequest };

/** Turns what waits for signatures into a request that can be carried to them. */
export function outcomeOf(context: PublishingContext, published: Published): PublishOutcome {
  if (published.outcome !== 'unsigned') return published;
  return { outcome: 'to-sign', request: makeSigningRequest(published.unsigned, context.clock()) };
}
