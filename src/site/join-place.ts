import { type MessageCode, messages } from '../base/catalogue.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { Fields } from '../base/fields.ts';
import { readRefusal } from '../base/refusal.ts';
import { refusalParameters } from '../base/refusal-parameters.ts';
import type { Upstream, UpstreamAnswer } from './upstream.ts';

/** What a place says of itself. */
export type UpstreamPlace = {
  readonly kind: 'origin' | 'site';
  readonly id: string;
  readonly name: string;
  /** Its own id, that of its upstream, and so on. */
  readonly chain: readonly string[];
};

/** Asks the upstream what it is; undefined for a directory and for a plain web server. Throws as `request` does. */
export async function askPlace(upstream: Upstream, signal?: AbortSignal): Promise<UpstreamPlace | undefined> {
  if (!upstream.hasApi) return undefined;
  const { status, body } = await upstream.request({ method: 'GET', path: 'api/v1/place', signal });
  if (status !== 200) return undefined;
  try {
    return parsePlace(Fields.parse(body, 'api/v1/place'));
  } catch (error) {
    // A web server with a page of its own for whatever it does not have.
    if (isSatchelError(error, 'record-invalid', 'record-newer')) return undefined;
    throw error;
  }
}

/** Refuses an upstream that gets its files from the site with this id. Throws `site-loop`. */
export function refuseLoop(place: UpstreamPlace | undefined, id: string, upstream: Upstream): void {
  if (place !== undefined && [place.id, ...place.chain].includes(id))
    throw new SatchelError('site-loop', { upstream: upstream.location });
}

/** What a site brings to be admitted. */
export type Admission = {
  readonly token: string;
  readonly site: { readonly id: string; readonly name: string };
};

/**
 * Exchanges a token for a credential at the upstream, which asks the place above if it is a site itself. Throws the
 * sentence with which the origin refuses (`site-token-…`), `site-upstream-without-api`, `site-upstream-refused`, and
 * what asking throws.
 */
export async function admitSite(
  upstream: Upstream,
  { token, site }: Admission,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<{ readonly credential: string }> {
  // Nothing of a site but these leaves it.
  const body = JSON.stringify({ token, site: { id: site.id, name: site.name } });
  const answer = await upstream.request({ method: 'POST', path: 'api/v1/sites', body, signal });
  if (answer.status !== 200) throw refusal(answer, upstream.location);
  const credential = Fields.parse(answer.body, 'api/v1/sites').text('credential');
  if (!/^[\x21-\x7e]{1,200}$/.test(credential))
    throw new SatchelError('site-upstream-refused', {
      ...{ upstream: upstream.location, status: answer.status, reason: 'credential' },
    });
  return { credential };
}

function parsePlace(fields: Fields): UpstreamPlace {
  fields.expectFormat('place', 1);
  const kind = fields.text('kind');
  const chain = fields.texts('chain');
  if (kind !== 'origin' && kind !== 'site') throw fields.wrong('kind');
  return {
    kind,
    id: fields.text('id'),
    name: fields.text('name'),
    chain: chain.slice(0, 64).map((place) => place.slice(0, 64)),
  };
}

function refusal({ status, body }: UpstreamAnswer, upstream: string): SatchelError {
  if (status === 404 || status === 405) return new SatchelError('site-upstream-without-api', { upstream });
  const { code, message } = readRefusal(body);
  const isKnown = /^site-token-/.test(code) && Object.hasOwn(messages, code);
  if (isKnown) return new SatchelError(code as MessageCode, refusalParameters(message, code as MessageCode));
  return new SatchelError('site-upstream-refused', { upstream, status, reason: message || '—' });
}
