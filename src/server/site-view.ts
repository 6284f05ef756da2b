import type { MessageParameters } from '../base/catalogue.ts';
import type { Site } from '../site/site.ts';
import type { SiteView } from './page-site.ts';
import { readStickView } from './stick-view.ts';

/** Milliseconds for which what the disk holds is not looked at anew: many may look at the page at the same time. */
const lookedFor = 5000;

/** What the page of a site shows. */
export function siteViewer(site: Site): () => Promise<SiteView> {
  let looked: { readonly at: number; readonly disk: ReturnType<typeof look> } | undefined;
  const lookAgain = () => {
    const now = performance.now();
    if (looked === undefined || now - looked.at > lookedFor) {
      const fresh = { at: now, disk: look(site) };
      fresh.disk.catch(() => {
        if (looked === fresh) looked = undefined;
      });
      looked = fresh;
    }
    return looked.disk;
  };
  return async () => {
    const { id, name, upstream } = site.settings();
    const { builds, disk } = await lookAgain();
    const receiving = site.pull.receiving();
    const sum = (of: (file: (typeof receiving)[number]) => number) =>
      receiving.reduce((total, file) => total + of(file), 0);
    return {
      ...{ id, name, offline: site.offline, builds, disk },
      upstream: shownAddress(upstream),
      stick: readStickView(site.layout),
      link: linkOf(site),
      receiving: { received: sum(({ received }) => received), size: sum(({ size }) => size) },
    };
  };
}

async function look(site: Site) {
  const [builds, { usedBytes: used, budget, free }] = await Promise.all([site.held(), site.evictor.usage()]);
  return { builds, disk: { used, budget, free } };
}

function linkOf({ upstream }: Site): SiteView['link'] {
  const { contacted, downSince, rate, problem, reports } = upstream.link();
  return {
    down: downSince !== undefined,
    lastContact: contacted ?? null,
    rate: rate?.bytesPerSecond ?? null,
    refused: problem === undefined ? null : sentenceOf(problem),
    reportsRefused: reports === undefined ? null : sentenceOf(reports),
  };
}

function sentenceOf<Code>({ code, parameters }: { code: Code; parameters: MessageParameters }) {
  return { code, parameters };
}

/** The address for everybody, without a password. */
function shownAddress(address: string): string {
  const url = URL.parse(address);
  if (url === null || (url.username === '' && url.password === '')) return address;
  url.username = '';
  url.password = '';
  return url.href;
}
