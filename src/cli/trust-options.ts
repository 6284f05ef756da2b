import { readFileSync } from 'node:fs';
import { SatchelError } from '../base/errors.ts';
import type { Anchor } from '../device/initialise.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { flag, value } from './option-kinds.ts';
import { type TrustAnchor, trustAnchor } from './options.ts';

/** `--trust FILE|SHA256` and `--trust-on-first-use`, wherever a place begins to follow another. */
export const trustOptions = {
  trust: value('option-trust', 'FILE|SHA256', trustAnchor),
  trustOnFirstUse: flag('option-trust-on-first-use'),
};

/** Whom the operator decided to trust. Throws `options-conflict` and `undecided`. */
export function anchorOf(
  { trust, trustOnFirstUse }: { readonly trust: TrustAnchor | undefined; readonly trustOnFirstUse: boolean },
  source: string,
  undecided: 'trust-not-decided' | 'site-trust-not-decided' = 'trust-not-decided',
): Anchor {
  if (trust !== undefined && trustOnFirstUse)
    throw new SatchelError('options-conflict', { first: '--trust', second: '--trust-on-first-use' });
  if (trust === undefined && !trustOnFirstUse) throw new SatchelError(undecided, { source });
  return trust?.kind === 'file'
    ? { root: withSystemErrors('read', trust.path, () => readFileSync(trust.path)) }
    : { sha256: trust?.sha256 };
}
