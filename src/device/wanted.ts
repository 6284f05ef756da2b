import { hash } from 'node:crypto';
import { SatchelError } from '../base/errors.ts';
import type { BuildName, StreamName } from '../base/identifiers.ts';
import { compareVersions, programVersion } from '../base/version.ts';
import { buildTarget, deltasTarget, streamTarget } from '../repository/layout.ts';
import {
  type BuildRecord,
  type DeltasRecord,
  type Halt,
  parseBuildRecord,
  parseDeltasRecord,
  parseStreamRecord,
} from '../repository/records.ts';
import type { ReadableStore } from '../store/store.ts';
import type { TrustClient } from '../trust/client.ts';

/** What a person or a stream file asks for. */
export type Choice = { readonly build: BuildName } | { readonly stream: StreamName };

/** The build that the device should run, and how to get it; both signed. */
export type Wanted = {
  readonly build: BuildRecord;
  readonly deltas: DeltasRecord;
  readonly stream?: StreamName | undefined;
  /** There while nobody is to follow the stream: see `stayingOn`. */
  readonly halted?: Halt | undefined;
};

/** Verified metadata, and the source that it came from. */
export type WantedContext = {
  readonly client: TrustClient;
  readonly store: ReadableStore;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Finds the wanted build in verified metadata. A stream may only name what the `builds` role has signed.
 * Throws `build-not-found`, `stream-not-found`, `stream-names-unsigned-build`, `client-too-old`.
 */
export async function findWanted(context: WantedContext, choice: Choice): Promise<Wanted> {
  const wanted =
    'build' in choice ? await namedBuild(context, choice.build) : await streamHead(context, choice.stream);
  const { name, minimumClient } = wanted.build;
  // What the device does not take asks nothing of it.
  if (wanted.halted !== undefined) return wanted;
  if (minimumClient !== '' && compareVersions(programVersion, minimumClient) < 0)
    throw new SatchelError('client-too-old', { build: name, wanted: minimumClient, version: programVersion });
  return wanted;
}

async function namedBuild({ client, store, signal }: WantedContext, name: BuildName): Promise<Wanted> {
  const [path, deltasPath] = [buildTarget(name), deltasTarget(name)];
  if (client.targetInfo(path) === undefined)
    throw new SatchelError('build-not-found', { name, location: store.location });
  const [build, deltas] = await Promise.all([
    client.target(path, { signal }),
    client.target(deltasPath, { signal }),
  ]);
  const wanted = { build: parseBuildRecord(build, path), deltas: parseDeltasRecord(deltas, deltasPath) };
  if (wanted.build.name !== name) throw new SatchelError('record-invalid', { what: path, field: 'name' });
  return wanted;
}

async function streamHead({ client, store, signal }: WantedContext, stream: StreamName): Promise<Wanted> {
  const path = streamTarget(stream);
  if (client.targetInfo(path) === undefined)
    throw new SatchelError('stream-not-found', { name: stream, location: store.location });
  const { record, buildBytes } = parseStreamRecord(await client.target(path, { signal }), path);
  const signed = client.targetInfo(buildTarget(record.build.name));
  if (signed?.length !== buildBytes.length || signed.sha256 !== hash('sha256', buildBytes))
    throw new SatchelError('stream-names-unsigned-build', {
      stream,
      source: store.location,
      build: record.build.name,
    });
  return { build: record.build, deltas: record.deltas, stream, halted: record.halted };
}
