import { SatchelError } from '../base/errors.ts';
import { noteSiteState } from './forward-report.ts';
import type { ControlHandler } from './mirror-control.ts';
import { planMirror } from './mirror-plan.ts';
import type { Site } from './site.ts';

/** What the process that serves a site does when a command asks for it. Throws `site-offline`, and what the work throws. */
export function controlOf(site: Site): ControlHandler {
  return async (request, { signal, reporter }) => {
    const mirror = site.mirror();
    switch (request.do) {
      case 'plan':
        return await planMirror(site.mirrorSite, { deltasOnly: request.deltasOnly, signal });
      case 'sync':
        if (mirror === undefined) throw new SatchelError('site-offline', { name: site.settings().upstream });
        return await mirror.run({ now: request.now, deltasOnly: request.deltasOnly, reporter, signal });
      case 'room':
        await site.evictor.ensureRoom(request.bytes, { signal });
        return {};
      case 'tell': {
        const { clock } = site.mirrorSite;
        await noteSiteState({ ...site, settings: site.settings(), held: await site.held(), clock });
        return {};
      }
      case 'gc':
        return await (mirror ?? site.evictor).collect({ signal });
    }
  };
}
