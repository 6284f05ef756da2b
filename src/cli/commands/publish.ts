import { SatchelError } from '../../base/errors.ts';
import { type BuildName, type StreamName, streamName } from '../../base/identifiers.ts';
import type { Reporter } from '../../base/progress.ts';
import { formatBytes, formatSeconds } from '../../base/units.ts';
import { nameOfSource, openSource, requireApart } from '../../build/source.ts';
import { openCatalog } from '../../repository/catalog.ts';
import type { DeltaReport } from '../../repository/delta-create.ts';
import { missingDeltas } from '../../repository/delta-policy.ts';
import { publish } from '../../repository/publish.ts';
import type { RolloutStep } from '../../repository/rollout-record.ts';
import { securityNotes } from '../../repository/security.ts';
import { defineCommand } from '../command.ts';
import { makeDeltasInBackground } from '../delta-background.ts';
import { deltaMadeLine } from '../delta-lines.ts';
import { argument, flag, repeated, value } from '../option-kinds.ts';
import { date, keptDeltas, localPath, sha256, text, version } from '../options.ts';
import { openRepository, type RepositoryContext, spoolDirectory } from '../repository-context.ts';
import type { PreparedRollout, prepareRollouts } from '../rollout-context.ts';
import { firstGiven, rolloutOptions } from '../rollout-options.ts';
import { steps } from '../rollout-values.ts';
import { build, keyDir, repo, stream } from '../shared-options.ts';
import { requestLines, writeRequest } from '../signing-request.ts';

/** `satchel publish`: one more build in a repository, from an archive, a directory or standard input. */
export const publishCommand = defineCommand({
  arguments: {
    source: argument('argument-publish-source', 'SOURCE', text),
  },
  options: {
    repo,
    name: value('option-name', 'NAME', build),
    stream: repeated('option-stream-publish', 'STREAM', stream),
    contents: value('option-contents', 'FILE', localPath),
    contentsHash: value('option-contents-hash', 'HEX', sha256),
    clampMtime: value('option-clamp-mtime', 'DATE', date),
    minimumClient: value('option-minimum-client', 'VERSION', version),
    waypoint: flag('option-waypoint'),
    notes: value('option-notes', 'TEXT', text),
    security: flag('option-security'),
    deltas: value('option-deltas', 'N', keptDeltas, { environment: 'SATCHEL_DELTAS' }),
    wait: flag('option-wait'),
    rollout: value('option-rollout-publish', 'STEPS', steps),
    ...rolloutOptions,
    keyDir,
  },
  async run(call) {
    const { options } = call;
    const started = performance.now();
    const source = openSource(call.arguments.source);
    const name = nameOfSource(source, options.name);
    const context = openRepository(call);
    requireApart(source, [options.repo, context.keys.location]);
    const streams = options.stream.length > 0 ? options.stream : [streamName('stable')];
    const prepared = await rolloutsOf(call, streams);
    const { signingRequest, ...published } = await publish({
      ...context,
      spoolDirectory: spoolDirectory(options.repo),
      source: { name, source, input: call.input, contentsPath: options.contents },
      streams,
      contentsHash: options.contentsHash,
      clampMtime: options.clampMtime === undefined ? undefined : options.clampMtime * 1000,
      minimumClient: options.minimumClient,
      waypoint: options.waypoint,
      notes: options.security ? securityNotes(options.notes) : options.notes,
      keepDeltas: options.deltas,
      ...(prepared && { rollout: (stream, began) => prepared.get(stream)!.rules(began) }),
      reporter: call.reporter,
    });
    await sayNotes(call, name, prepared);
    const seconds = (performance.now() - started) / 1000;
    const toSign = writeRequest(options.repo, signingRequest);
    if (toSign !== undefined) return { ...published, seconds, deltas: noDeltas, toSign };
    return { ...published, seconds, deltas: await followWithDeltas(call, context) };
  },
  show(result, words) {
    const waits = 'toSign' in result;
    return [
      words.say(waits ? 'result-publish-waits' : 'result-publish', {
        name: result.name,
        files: result.files,
        bytes: formatBytes(result.treeBytes),
        objects: result.newObjects,
        stored: formatBytes(result.newBytes),
        seconds: formatSeconds(result.seconds),
      }),
      words.say(waits ? 'result-publish-hash' : 'result-publish-streams', {
        streams: result.streams.join(', '),
        hash: result.contentsHash,
      }),
      ...result.costs.map(({ from, bytes }) =>
        words.say('result-update-cost', { from, to: result.name, bytes: formatBytes(bytes) }),
      ),
      ...result.deltas.made.map((delta) => deltaMadeLine(delta, words)),
      ...(result.deltas.inBackground > 0
        ? [words.say('result-publish-deltas', { count: result.deltas.inBackground })]
        : []),
      ...requestLines(waits ? result.toSign : undefined, words),
    ];
  },
  exitCode: ({ deltas }) => (deltas.failed.length > 0 ? 1 : 0),
});

/** The rules by which the build reaches devices, by stream; undefined where everybody gets it at once. */
async function rolloutsOf(
  call: Parameters<typeof prepareRollouts>[0] & {
    readonly options: { readonly rollout?: readonly RolloutStep[] | undefined };
  },
  streams: readonly StreamName[],
): Promise<ReadonlyMap<StreamName, PreparedRollout> | undefined> {
  const { rollout } = call.options;
  if (rollout === undefined) {
    const option = firstGiven(call.options);
    if (option !== undefined) throw new SatchelError('rollout-options-without-steps', { option });
    return undefined;
  }
  // A publication without a rollout must not pay for the database.
  const { prepareRollouts: prepare } = await import('../rollout-context.ts');
  return prepare(call, { steps: rollout, streams });
}

/** What an operator should know about the rollouts that he asked for; a halt is told by the publication itself. */
async function sayNotes(
  { clock, reporter }: { readonly clock: () => number; readonly reporter: Reporter },
  name: BuildName,
  prepared: ReadonlyMap<StreamName, PreparedRollout> = new Map(),
): Promise<void> {
  if (prepared.size === 0) return;
  const { sayPlanNotes } = await import('../rollout-lines.ts');
  for (const [stream, { plan, rules }] of prepared)
    sayPlanNotes(plan, { stream, build: { name }, rollout: rules(clock()) }, reporter);
}

/** What became of the deltas that the streams want now. */
type FollowingDeltas = {
  /** How many a process in the background makes. */
  readonly inBackground: number;
  readonly made: readonly DeltaReport[];
  readonly failed: readonly { readonly from: string; readonly to: string }[];
};

/** The roles that sign a delta's record. */
const onlineRoles = ['deltas', 'streams', 'snapshot', 'timestamp'] as const;

const noDeltas: FollowingDeltas = { inBackground: 0, made: [], failed: [] };

/** Makes the deltas that are missing: with `--wait` here, else in a process of its own. */
async function followWithDeltas(
  call: {
    readonly options: { readonly repo: string; readonly wait: boolean };
    readonly reporter: Reporter;
    readonly environment: NodeJS.ProcessEnv;
  },
  context: RepositoryContext,
): Promise<FollowingDeltas> {
  const missing = await missingDeltas(await openCatalog(context.store, context.signal));
  if (missing.length === 0) return noDeltas;
  const { repo: repository, wait } = call.options;
  if (!wait) {
    const { environment } = call;
    if (onlineRoles.some((role) => context.keys.load(role).length === 0)) return noDeltas;
    makeDeltasInBackground({ repository, keyDirectory: context.keys.location, environment });
    return { ...noDeltas, inBackground: missing.length };
  }
  // Loaded only now: a publication that does not wait must not pay for them.
  const { createMissing } = await import('../../repository/delta-create.ts');
  const { makeDelta: make } = await import('../../delta/make-delta.ts');
  const spool = spoolDirectory(repository);
  const { reporter } = call;
  return { inBackground: 0, ...(await createMissing({ ...context, spoolDirectory: spool, reporter, make })) };
}
