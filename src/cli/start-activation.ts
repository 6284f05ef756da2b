import { languageFromEnvironment, say } from '../base/catalogue.ts';
import { messageOf } from '../base/errors.ts';
import { type ActivationAddress, type ActivationService, serveActivation } from '../lease/activation.ts';
import type { LeaseOffice } from '../lease/office.ts';
import { openLog } from '../server/logger.ts';

/** Milliseconds for which what was logged once is not logged again. */
const quiet = 60_000;

/** More is not logged in that time: anybody can make up serial numbers. */
const mostSaid = 100;

/** Answers laptops that ask for leases; its log goes to standard error. Throws `activation-address-…`. */
export async function startActivation(
  address: ActivationAddress,
  { office, environment }: { readonly office: LeaseOffice; readonly environment: NodeJS.ProcessEnv },
): Promise<ActivationService> {
  const { log, flush } = openLog({});
  const language = languageFromEnvironment(environment);
  // Whoever makes up serial numbers hides neither who is stolen nor a fault.
  const isNew = { stolen: openMemory(), none: openMemory(), fault: openMemory() };
  const service = await serveActivation({
    address,
    office,
    onRefused(serial, from, why) {
      const code = why === 'stolen' ? 'activation-stolen' : 'activation-none';
      const { text } = say(code, { serial, from }, language);
      if (isNew[why](text)) log[why === 'stolen' ? 'warn' : 'info']({ serial, from }, text);
    },
    onFailure(error) {
      if (isNew.fault(messageOf(error))) log.error({ err: error }, messageOf(error));
    },
  });
  log.info({ address: service.address }, 'listening for laptops');
  return {
    ...service,
    async close() {
      await service.close();
      flush();
    },
  };
}

/** Says whether something is to be logged now: a laptop asks four times in a minute, and a fault comes with each. */
function openMemory(): (text: string) => boolean {
  const said = new Map<string, number>();
  return (text) => {
    const now = performance.now();
    for (const [key, time] of said) if (now - time > quiet) said.delete(key);
    if (said.has(text) || said.size >= mostSaid) return false;
    said.set(text, now);
    return true;
  };
}
