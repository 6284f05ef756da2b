import type { IncomingMessage } from 'node:http';

/** The header that names the sites which a request has come through, the last one first. */
const viaHeader = 'satchel-via';

/** As many sites may stand one below the other. */
const mostPlaces = 16;

/** The ids of the sites that a request has come through; none for a request of a device. */
export function viaOf({ headers }: Pick<IncomingMessage, 'headers'>): readonly string[] {
  const value = headers[viaHeader];
  const text = Array.isArray(value) ? value.join(',') : (value ?? '');
  return text
    .slice(0, 2000)
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '');
}

/** True when the request has come through this place already, or through so many that it goes round elsewhere. */
export function isLoop(via: readonly string[], own: string | undefined): boolean {
  return via.length >= mostPlaces || (own !== undefined && via.includes(own));
}
