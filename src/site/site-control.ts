import { statSync } from 'node:fs';
import { SatchelError } from '../base/errors.ts';
import { sleep } from '../base/sleep.ts';
import type { Evictor } from './evict.ts';
import type { SiteLayout } from './layout.ts';
import type { ControlHandler } from './mirror-control.ts';
import { planMirror } from './mirror-plan.ts';
import type { Mirror } from './mirror-schedule.ts';
import type { MirrorPlace } from './mirror-types.ts';

/** The site that commands change through the process that serves it. */
export type ControlledSite = {
  readonly layout: SiteLayout;
  readonly mirrorSite: MirrorPlace;
  readonly evictor: Evictor;
  /** What mirrors by itself; undefined while nothing may leave the machine. */
  mirror(): Mirror | undefined;
  /** Writes down what the site has, for those above. */
  tell(): Promise<void>;
};

/** A process that goes on has seen a change of the settings after so many milliseconds. */
const settledAfter = 1100;

/** What the process that serves a site does when a command asks for it. Throws `site-offline`, and what the work throws. */
export function controlOf(site: ControlledSite): ControlHandler {
  return async (request, { signal, reporter }) => {
    await settled(site, signal);
    const mirror = site.mirror();
    switch (request.do) {
      case 'plan': {
        const { deltasOnly } = request;
        return await (mirror?.plan({ deltasOnly, signal }) ??
          planMirror(site.mirrorSite, { deltasOnly, signal }));
      }
      case 'sync':
        if (mirror === undefined)
          throw new SatchelError('site-offline', { name: site.mirrorSite.settings().upstream });
        return await mirror.run({ now: request.now, deltasOnly: request.deltasOnly, reporter, signal });
      case 'room':
        await site.evictor.ensureRoom(request.bytes, { signal, forStick: true });
        return {};
      case 'tell':
        await site.tell();
        return {};
      case 'gc':
        return await (mirror ?? site.evictor).collect({ signal });
    }
  };
}

/** What the operator changed just before is to hold for what he asks now. */
async function settled({ layout }: ControlledSite, signal: AbortSignal): Promise<void> {
  const age = Date.now() - (statSync(layout.settings, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  if (age < 0 || age >= settledAfter) return;
  await sleep(settledAfter - age, signal);
}
