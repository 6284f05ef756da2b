import { untilAborted } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import type { SiteLayout } from './layout.ts';
import { readLinkState } from './link-file.ts';
import type { Upstream } from './upstream.ts';

/** An upstream that is never asked: nothing leaves the machine. Whatever is asked of it is `site-offline`. */
export function offlineUpstream(layout: SiteLayout, location: string): Upstream {
  const refuse = (name: string) => Promise.reject(new SatchelError('site-offline', { name }));
  return {
    location,
    read: refuse,
    isDown: () => true,
    untilTry: (_name, { signal } = {}) => untilAborted(new Promise<void>(() => {}), signal),
    counters: () => ({ requests: 0, bytesReceived: 0 }),
    month: () => undefined,
    hasApi: false,
    request: ({ path }) => refuse(path),
    link: () => readLinkState(layout),
    close: async () => {},
  };
}
