import { openScratchFile, writeScratch } from '../os/scratch-file.ts';
import type { DeltaSide } from './content-source.ts';
import { eachContent } from './contents.ts';
import { type Archive, mostArchives, segmentLimits } from './delta-format.ts';
import { gzipHeaderLength, longestGzipHeader } from './gzip-member.ts';
import type { Target } from './match.ts';
import { runsOf } from './ordinal-runs.ts';
import type { PackedFile, PartsPlan, PlanTask } from './plan-parts.ts';

/** The large gzip files among the targets, unpacked for as long as the delta is made. */
export type MadeArchives = Disposable & {
  /** In these all that such files make stands as parts of them, as far as that can be done. */
  readonly targets: readonly Target[];
  readonly archives: readonly Archive[];
};

export type MakeArchivesOptions = {
  readonly from: DeltaSide;
  readonly to: DeltaSide;
  /** Where the unpacked files lie, without names; an existing folder. */
  readonly directory: string;
  readonly signal: AbortSignal | undefined;
  /** Plans one file, in a thread. */
  readonly plan: (task: PlanTask) => Promise<PartsPlan | undefined>;
};

/** Files of one object are smaller than is worth it. */
const fewestObjects = 2;

/**
 * Looks for gzip files whose content is longer than a segment, which have an old gzip file to be made from, and
 * unpacks both. Throws the system failures of writing and what reading the contents throws.
 */
export async function makeArchives(
  found: readonly Target[],
  options: MakeArchivesOptions,
): Promise<MadeArchives> {
  using opened = new DisposableStack();
  const targets: Target[] = [];
  const archives: Archive[] = [];
  for (const group of byFile(found)) {
    const old = archives.length < mostArchives ? await oldGzipFor(group, options) : undefined;
    const parts = old && (await partsFrom(old, group, archives.length, options, opened));
    if (parts === undefined) targets.push(...group);
    else {
      targets.push(...parts.targets);
      archives.push(parts.archive);
    }
  }
  const kept = opened.move();
  return { targets, archives, [Symbol.dispose]: () => kept.dispose() };
}

/** Targets of one file come in a row. */
function byFile(targets: readonly Target[]): Target[][] {
  const groups: Target[][] = [];
  for (const target of targets) {
    const last = groups.at(-1);
    if (last?.[0]?.path === target.path) last.push(target);
    else groups.push([target]);
  }
  return groups;
}

/** The objects of the gzip file to make a large one from, if the targets are of such a one. */
async function oldGzipFor(
  [first]: readonly Target[],
  { from, to, signal }: MakeArchivesOptions,
): Promise<readonly number[] | undefined> {
  const file = first?.file ?? [];
  if (file.length < fewestObjects || first === undefined || first.candidates.length === 0) return undefined;
  if (!(await isGzip(to, file, signal))) return undefined;
  const size = file.reduce((sum, ordinal) => sum + to.objects[ordinal]!.size, 0);
  if (size + (await statedLength(to, file, signal)) <= segmentLimits.output) return undefined;
  for (const candidate of first.candidates)
    if (await isGzip(from, candidate.file, signal)) return candidate.file;
  return undefined;
}

async function isGzip(
  side: DeltaSide,
  file: readonly number[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const [content] = await side.read(file.slice(0, 1), signal);
  return content !== undefined && gzipHeaderLength(content.subarray(0, longestGzipHeader)) !== undefined;
}

/** What the end of a gzip file says of the length of its content; 0 when it cannot be seen. */
async function statedLength(
  side: DeltaSide,
  file: readonly number[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const [content] = await side.read(file.slice(-1), signal);
  if (content === undefined || content.length < 4) return 0;
  return Buffer.from(content.buffer, content.byteOffset, content.length).readUInt32LE(content.length - 4);
}

async function partsFrom(
  old: readonly number[],
  group: readonly Target[],
  archive: number,
  options: MakeArchivesOptions,
  opened: DisposableStack,
): Promise<{ readonly targets: readonly Target[]; readonly archive: Archive } | undefined> {
  const { from, to, plan } = options;
  const { path, file } = group[0]!;
  using files = new DisposableStack();
  const oldFile = await copied(from, old, files, options);
  const newFile = await copied(to, file, files, options);
  const outputs = group.flatMap((target) => target.outputs);
  const places = group.flatMap((target) => target.places);
  const missing = outputs.map((ordinal, number) => {
    const start = places[number]!;
    return { start, end: start + to.objects[ordinal]!.size };
  });
  const plans = await plan({ old: oldFile, new: newFile, missing });
  if (plans === undefined || plans.parts.length === 0) return undefined;
  const { level, oldLength, parts } = plans;
  const contents = { archive, oldContent: oldFile.content, newContent: newFile.content, level };
  const common = { path, file, isWholeFile: false, candidates: [] };
  const spansFrom = (first: number, count: number) => ({
    ...common,
    outputs: outputs.slice(first, first + count),
    places: places.slice(first, first + count),
  });
  const targets: Target[] = [];
  let next = 0;
  for (const part of parts) {
    for (; next < part.first; next += 1) targets.push(spansFrom(next, 1));
    targets.push({ ...spansFrom(part.first, part.count), part: { ...part, ...contents } });
    next += part.count;
  }
  for (; next < outputs.length; next += 1) targets.push(spansFrom(next, 1));
  opened.use(files.move());
  return { targets, archive: { objects: runsOf(old), length: oldLength } };
}

/** Copies a file out of a build. */
async function copied(
  side: DeltaSide,
  file: readonly number[],
  opened: DisposableStack,
  { directory, signal }: MakeArchivesOptions,
): Promise<PackedFile> {
  const packed = opened.use(openScratchFile(directory)).fd;
  const content = opened.use(openScratchFile(directory)).fd;
  let length = 0;
  await eachContent(side, file, signal, (bytes, position) => {
    writeScratch(packed, bytes, position);
    length += bytes.length;
  });
  return { packed, length, content };
}
