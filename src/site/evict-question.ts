import type { HeldBuild, HeldBundle, Holdings } from './evict-holdings.ts';
import type { EvictableUnit, EvictionQuestion, Exemption } from './evict-plan.ts';
import { streamsServed, type TreeSubject } from './known-bundles.ts';
import type { Pin } from './pin.ts';
import type { SiteSettings } from './settings.ts';

/** What speaks for builds and files that are to stay. */
export type Reasons = {
  readonly pins: readonly Pin[];
  readonly follow: SiteSettings['follow'];
  /** Names of files that are open or being received. */
  readonly inUse: ReadonlySet<string>;
  readonly receiving: ReadonlySet<string>;
  /** Names of files that a stick brings now. */
  readonly kept: ReadonlySet<string>;
  /** When a build or a bundle was asked for in the life of this process. */
  readonly lastUse: (name: TreeSubject) => number | undefined;
  readonly now: number;
};

/** A device that reads a build pauses between its requests; so long after the last one the build counts as in use. */
const usedUntil = 10 * 60_000;

/** What the planner needs to know, with the names that its numbers stand for. */
export type AskedEviction = {
  readonly pieceNames: readonly string[];
  readonly question: Omit<EvictionQuestion, 'incoming'>;
};

/** The builds, bundles and files on the disk as the planner sees them: each file is a piece. */
export function evictionQuestion(
  holdings: Holdings,
  reasons: Reasons,
  room: Pick<EvictionQuestion, 'treeBytes' | 'budget' | 'free' | 'reserve'>,
): AskedEviction {
  const pieceNames = [...holdings.files.keys()];
  const pieceOf = new Map(pieceNames.map((name, piece) => [name, piece]));
  const units: EvictableUnit[] = holdings.builds.map((build) => ({
    name: build.name,
    usedAt: Math.max(build.usedAt, reasons.lastUse(build.name) ?? 0),
    pieces: build.files.flatMap((name) => pieceOf.get(name) ?? []),
    exempt: exemption(build, reasons),
  }));
  for (const bundle of holdings.bundles)
    units.push({
      name: bundle.name,
      usedAt: Math.max(bundle.usedAt, reasons.lastUse(bundle.name) ?? 0),
      pieces: bundle.files.flatMap((name) => pieceOf.get(name) ?? []),
      exempt: exemptionOfBundle(bundle, reasons),
    });
  for (const name of holdings.unneeded)
    units.push({
      name: undefined,
      usedAt: holdings.files.get(name)!.modified,
      pieces: [pieceOf.get(name)!],
      exempt: exemptionOfFiles([name], reasons),
    });
  // A piece of a stick stays whoever else needs it; the rest of those others may go.
  const kept = [...reasons.kept].flatMap((name) => pieceOf.get(name) ?? []);
  if (kept.length > 0)
    units.push({ name: undefined, usedAt: reasons.now, pieces: kept, exempt: 'being-written' });
  const pieceBytes = pieceNames.map((name) => holdings.files.get(name)!.bytes);
  return { pieceNames, question: { ...room, pieceBytes, units, otherBytes: holdings.otherBytes } };
}

/** Why a build must stay; undefined: it may go. */
export function exemption({ name, streams, files }: HeldBuild, reasons: Reasons): Exemption | undefined {
  const pin = reasons.pins.find(({ build }) => build === name);
  if (pin !== undefined) return pin.pinned ? 'pinned' : 'sticky';
  if (streams.some((stream) => reasons.follow.includes(stream))) return 'head';
  return exemptionOfUse(name, files, reasons);
}

/** The same for a version of a bundle: what the devices of the followed streams get stays. */
function exemptionOfBundle(held: HeldBundle, reasons: Reasons): Exemption | undefined {
  if (streamsServed(held, reasons.follow).length > 0) return 'head';
  return exemptionOfUse(held.name, held.files, reasons);
}

function exemptionOfUse(
  name: TreeSubject,
  files: readonly string[],
  reasons: Reasons,
): Exemption | undefined {
  if (reasons.now - (reasons.lastUse(name) ?? Number.NEGATIVE_INFINITY) < usedUntil) return 'in-use';
  return exemptionOfFiles(files, reasons);
}

function exemptionOfFiles(files: readonly string[], { inUse, receiving }: Reasons): Exemption | undefined {
  if (files.some((name) => receiving.has(name))) return 'being-written';
  return files.some((name) => inUse.has(name)) ? 'in-use' : undefined;
}
