import { createQueue } from '../base/queue.ts';
import type { SiteLayout } from './layout.ts';
import type { SiteSettings } from './settings.ts';
import { openUpstream, type Upstream, type UpstreamOptions } from './upstream.ts';

/**
 * The upstream that the settings name now: a process that goes on for months follows `satchel site set --upstream`.
 * What is being received from the former one is cut off, and whoever receives it goes on at the new one. Throws
 * `store-address-not-usable` only here; an address that cannot be used later leaves the former one in its place.
 */
export async function currentUpstream(
  layout: SiteLayout,
  settings: () => SiteSettings,
  options: UpstreamOptions & { readonly onFailure: (error: unknown) => void },
): Promise<Upstream> {
  const inTurn = createQueue();
  let isClosed = false;
  let key = keyOf(settings());
  let upstream = await openUpstream(layout, settings(), options);
  const change = async () => {
    const next = settings();
    if (isClosed || keyOf(next) === key) return;
    const former = upstream;
    try {
      upstream = await openUpstream(layout, next, options);
    } catch (error) {
      options.onFailure(error);
    }
    // Only now: who asks meanwhile waits for the new one.
    key = keyOf(next);
    if (upstream !== former) await former.close().catch(options.onFailure);
  };
  const now = async (): Promise<Upstream> => {
    if (keyOf(settings()) !== key) await inTurn(change);
    return upstream;
  };
  /** Where nothing can be waited for, the change is begun. */
  const last = (): Upstream => {
    if (keyOf(settings()) !== key) void inTurn(change);
    return upstream;
  };
  return {
    get location() {
      return upstream.location;
    },
    get hasApi() {
      return upstream.hasApi;
    },
    read: async (name, readOptions) => await (await now()).read(name, readOptions),
    request: async (message) => await (await now()).request(message),
    untilTry: async (name, waiting) => await (await now()).untilTry(name, waiting),
    isDown: (name) => last().isDown(name),
    counters: () => upstream.counters(),
    month: () => upstream.month(),
    link: () => upstream.link(),
    close: async () => {
      isClosed = true;
      await inTurn(async () => await upstream.close());
    },
  };
}

/** What makes another upstream of it. */
function keyOf({ upstream, credential, monthlyBytes }: SiteSettings): string {
  return JSON.stringify([upstream, credential, monthlyBytes]);
}
