/** Repositories in memory with builds of a few files, and a simple maker of deltas: for the tests of this folder. */
import { hash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { MessageCode } from '../base/catalogue.ts';
import type { Clock } from '../base/clock.ts';
import { type BuildName, buildName, type Sha256, streamName } from '../base/identifiers.ts';
import { silentReporter } from '../base/progress.ts';
import { serialiseHead } from '../delta/delta-format.ts';
import { makeIndexPatch } from '../delta/index-patch.ts';
import type { makeDelta } from '../delta/make-delta.ts';
import { objectList } from '../delta/object-list.ts';
import { encodeSegment } from '../delta/segment-format.ts';
import { memoryStore } from '../store/memory.ts';
import type { Store } from '../store/store.ts';
import { initialiseTrust } from '../trust/initialise.ts';
import { type KeyRing, memoryKeyRing } from '../trust/keys.ts';
import type { PublishingContext } from '../trust/publication.ts';
import { type Catalog, openCatalog } from './catalog.ts';
import type { DeltaCreation } from './delta-create.ts';
import { type PublishOptions, type PublishResult, publish } from './publish.ts';

/** File contents by name. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

export type RepositoryFixture = {
  readonly store: Store;
  readonly context: PublishingContext;
  readonly spool: string;
  catalog(): Promise<Catalog>;
  /** Publishes files of a flat tree as the head of streams, `stable` unless said otherwise. */
  publish(
    name: string,
    files: Files,
    options?: {
      readonly keepDeltas?: number;
      readonly streams?: readonly string[];
      readonly keys?: KeyRing;
      readonly rollout?: PublishOptions['rollout'];
      readonly clock?: Clock;
      readonly waypoint?: boolean;
      readonly minimumClient?: string;
    },
  ): Promise<PublishResult>;
  /** What making deltas needs, with the sentences that are said on the way. */
  creation(make?: typeof makeDelta): DeltaCreation & { readonly said: MessageCode[] };
};

/** A new repository that goes with the test. */
export async function emptyRepository(test: TestContext): Promise<RepositoryFixture> {
  const folder = mkdtempSync(join(tmpdir(), 'satchel-repository-'));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  const store = memoryStore();
  const spool = join(folder, 'spool');
  let now = Date.parse('2026-01-15T12:00:00Z');
  const clock = () => {
    now += 1000;
    return now;
  };
  const keys = memoryKeyRing(clock);
  const context = { store, keys, clock };
  await initialiseTrust(context, {});
  return {
    store,
    context,
    spool,
    catalog: () => openCatalog(store),
    publish(name, files, { keepDeltas, streams = ['stable'], ...changed } = {}) {
      const path = join(folder, name);
      mkdirSync(path);
      for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content);
      const source = { kind: 'directory', path, derivedName: name } as const;
      return publish({
        ...context,
        ...changed,
        spoolDirectory: spool,
        source: { name: buildName(name), source, input: empty() },
        streams: streams.map(streamName),
        clampMtime: 0,
        keepDeltas,
        reporter: silentReporter,
      });
    },
    creation(make = plainDelta) {
      const said: MessageCode[] = [];
      const reporter = { progress() {}, notice: (code: MessageCode) => said.push(code) };
      return { ...context, spoolDirectory: spool, reporter, make, said };
    },
  };
}

async function* empty(): AsyncGenerator<Uint8Array> {}

/** A maker that puts what is new into one segment as it is. */
export const plainDelta: typeof makeDelta = async ({ from, to, spoolDirectory, signal }) => {
  const sha256 = (bytes: Uint8Array) => hash('sha256', bytes) as Sha256;
  const had = new Set<Sha256>(from.objects.map((object) => object.sha256));
  const outputs = [...to.objects.keys()].filter((ordinal) => !had.has(to.objects[ordinal]!.sha256));
  const content = Buffer.concat(await to.read(outputs, signal));
  const sizes = { bases: objectList(from.objects).sizes, targets: objectList(to.objects).sizes };
  const { bytes, entry } = encodeSegment([{ kind: 'plain', outputs, content }], sizes);
  const head = serialiseHead({
    from: sha256(from.index),
    to: sha256(to.index),
    indexPatch: makeIndexPatch(from.index, to.index),
    segments: [entry],
  });
  const file = Buffer.concat([head, bytes]);
  const path = join(spoolDirectory, 'made');
  writeFileSync(path, file);
  return {
    path,
    stored: sha256(file),
    length: file.length,
    head: { length: head.length, sha256: sha256(head) },
    memory: entry.memory,
    scratch: 0,
    output: entry.output,
    discard: () => rmSync(path, { force: true }),
  };
};

/** Checked names, for comparisons. */
export function pair(from: string, to: string): { readonly from: BuildName; readonly to: BuildName } {
  return { from: buildName(from), to: buildName(to) };
}
