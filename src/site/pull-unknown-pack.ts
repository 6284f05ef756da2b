import { untilAborted } from '../base/cancel.ts';
import { isSatchelError } from '../base/errors.ts';
import type { GuessLimit } from './pull-guesses.ts';
import type { Named } from './pull-make.ts';
import { type HurriedOptions, passOn } from './pull-pass-on.ts';
import { dismiss } from './pull-run.ts';
import type { PulledFile, PulledPart, PullUpstream } from './pull-types.ts';

/** Packs whose frames no map tells that is here. */
export type UnknownPacks = {
  /** Parts are passed on and not kept; the pack as a whole is a file like any other. Throws what the upstream throws. */
  open(named: Named, options: HurriedOptions): Promise<PulledFile>;
};

/** What they are read with. */
export type UnknownPacksOptions = {
  readonly upstream: PullUpstream;
  readonly guesses: GuessLimit;
  readonly signal: AbortSignal;
  /** Opens the pack as a file that is received from its first byte on. */
  openWhole(named: Named, options: HurriedOptions): Promise<PulledFile>;
};

/** Lengths that are remembered. */
const rememberedSizes = 256;

/** Makes a reader of such packs. */
export function createUnknownPacks({
  upstream,
  guesses,
  signal,
  openWhole,
}: UnknownPacksOptions): UnknownPacks {
  const sizes = new Map<string, Promise<number>>();
  const askForSize = async (name: string): Promise<number> => {
    const reading = await guesses.ask(name, () => upstream.read(name, { length: 0, signal }));
    await dismiss(reading);
    return reading.size;
  };
  const sizeOf = (name: string): Promise<number> => {
    const asked = sizes.get(name) ?? askForSize(name);
    sizes.set(name, asked);
    asked.catch(() => sizes.delete(name));
    for (const oldest of sizes.keys()) {
      if (sizes.size <= rememberedSizes) break;
      sizes.delete(oldest);
    }
    return asked;
  };
  async function* readWhole(
    named: Named,
    part: PulledPart,
    options: HurriedOptions,
  ): AsyncGenerator<Uint8Array, void> {
    const file = await openWhole(named, options);
    try {
      yield* file.read(part, { signal: options.signal });
    } finally {
      file.close();
    }
  }
  return {
    async open(named, { signal: asked, pace }) {
      const { name } = named;
      const isOwn = !sizes.has(name);
      const size = await untilAborted(sizeOf(name), asked).catch((error: unknown) => {
        // What somebody else asked was refused as a loop; he may have made that up.
        if (isOwn || !isSatchelError(error, 'site-loop')) throw error;
        return untilAborted(sizeOf(name), asked);
      });
      return {
        size,
        read: (part, reading = {}) =>
          part.offset === 0 && part.length === size
            ? readWhole(named, part, { ...reading, pace })
            : passOn({ name, upstream, size }, part, { ...reading, pace }),
        close() {},
      };
    },
  };
}
