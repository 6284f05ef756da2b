import { isIPv6 } from 'node:net';

/** What each address may send without a credential, so that nobody fills the disk or spends the link of a place alone. */
export type FairShare = {
  /** Counts so many bytes; undefined when they may come, else after how many seconds to ask again. */
  take(address: string | undefined, bytes: number): number | undefined;
};

/** Bytes that an address may send at once, and how many more each hour: some thousand reports, then some hundred. */
const most = 1024 * 1024;
const perHour = 256 * 1024;

/** Addresses that are remembered; the one that sent least recently goes first. */
const rememberedAddresses = 10_000;

/** Starts with everybody's share whole. */
export function createFairShare(now: () => number = () => performance.now()): FairShare {
  const shares = new Map<string, { readonly left: number; readonly at: number }>();
  return {
    take(address, bytes) {
      const key = networkOf(address);
      if (key === undefined) return undefined;
      const at = now();
      const former = shares.get(key) ?? { left: most, at };
      const left = Math.min(most, former.left + ((at - former.at) * perHour) / 3_600_000);
      if (left < bytes) return Math.ceil(((bytes - left) * 3600) / perHour);
      shares.delete(key);
      shares.set(key, { left: left - bytes, at });
      for (const oldest of shares.keys()) {
        if (shares.size <= rememberedAddresses) break;
        shares.delete(oldest);
      }
      return undefined;
    },
  };
}

/**
 * The address, or the network that one machine may choose its IPv6 addresses in; undefined for this machine itself,
 * where a proxy may stand for everybody.
 */
function networkOf(address = ''): string | undefined {
  const plain = address.replace(/^::ffff:/i, '').replace(/%.*$/, '');
  if (plain === '' || plain === '127.0.0.1' || plain === '::1') return undefined;
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(':').filter(Boolean).length;
  return [...groups, ...Array<string>(missing).fill('0'), ...(tail ?? '').split(':')].slice(0, 4).join(':');
}
