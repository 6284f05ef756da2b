/** Deltas that were changed and then sealed and signed again, so that no hash and no signature gives them away. */
import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { systemClock } from '../../src/base/clock.ts';
import { buildName, type Sha256 } from '../../src/base/identifiers.ts';
import {
  type DeltaHead,
  memoryToApply,
  parseHead,
  type SegmentEntry,
  serialiseHead,
} from '../../src/delta/delta-format.ts';
import { publishDeltasRecords } from '../../src/repository/deltas-records.ts';
import { deltaFile } from '../../src/repository/layout.ts';
import type { DeltaReference } from '../../src/repository/records.ts';
import { openDirectoryStore } from '../../src/store/directory.ts';
import { openKeyDirectory } from '../../src/trust/keys.ts';
import type { DeltaStory } from './delta-story.ts';

/** A segment with what the head says of it; length and hash are put right when it is sealed. */
export type LooseSegment = { readonly bytes: Buffer; readonly entry: SegmentEntry };

/** A delta taken apart. */
export type LooseDelta = {
  readonly head: Omit<DeltaHead, 'segments'>;
  readonly segments: readonly LooseSegment[];
};

/** What a hostile signer changes. */
export type Forgery = {
  readonly delta?: (delta: LooseDelta) => LooseDelta;
  /** Changes the bytes of the head after it has been written. */
  readonly headBytes?: (bytes: Buffer) => Buffer;
  readonly reference?: (reference: DeltaReference) => DeltaReference;
};

/** Takes the delta of a story apart. */
export function looseDelta({ delta, deltaFile: file }: DeltaStory): LooseDelta {
  const bytes = readFileSync(file);
  const { segments, ...head } = parseHead(bytes.subarray(0, delta.head.length));
  let offset = delta.head.length;
  const loose = segments.map((entry) => {
    offset += entry.length;
    return { entry, bytes: bytes.subarray(offset - entry.length, offset) };
  });
  return { head, segments: loose };
}

/** A copy of the story's repository, at `copy`, with the forged delta in the place of the right one. */
export async function forgeDelta(story: DeltaStory, copy: string, forgery: Forgery): Promise<void> {
  // Files of a repository are replaced and never rewritten, so copies may share them.
  execFileSync('cp', ['-al', story.repository, copy]);
  const store = openDirectoryStore(copy);
  const { bytes, reference } = sealed(story, forgery);
  await store.put(deltaFile(reference.stored), bytes);
  const to = buildName('os-2');
  await publishDeltasRecords(
    { store, keys: openKeyDirectory(`${story.repository}.keys`), clock: systemClock },
    async (catalog) => new Map([[to, { ...(await catalog.deltas(to)), deltas: [reference] }]]),
  );
}

function sealed(story: DeltaStory, forgery: Forgery): { bytes: Buffer; reference: DeltaReference } {
  const { head, segments } = forgery.delta?.(looseDelta(story)) ?? looseDelta(story);
  const entries = segments.map(({ entry, bytes }) => ({
    ...entry,
    length: bytes.length,
    sha256: sha256(bytes),
  }));
  const written = serialiseHead({ ...head, segments: entries });
  const headBytes = forgery.headBytes?.(written) ?? written;
  const bytes = Buffer.concat([headBytes, ...segments.map((segment) => segment.bytes)]);
  const reference: DeltaReference = {
    ...story.delta,
    stored: sha256(bytes),
    length: bytes.length,
    head: { length: headBytes.length, sha256: sha256(headBytes) },
    memory: memoryToApply({ segments: entries }),
  };
  return { bytes, reference: forgery.reference?.(reference) ?? reference };
}

function sha256(bytes: Uint8Array): Sha256 {
  return hash('sha256', bytes) as Sha256;
}
