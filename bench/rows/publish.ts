import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Contender, contest, type Result } from '../contest.ts';
import type { Context } from '../context.ts';
import type { Measured } from '../measure.ts';
import * as casync from '../peers/casync.ts';
import * as ostree from '../peers/ostree.ts';
import * as satchel from '../peers/satchel.ts';
import * as zchunk from '../peers/zchunk.ts';
import type { Step } from '../updaters.ts';

/** A build as ostree can take it: without device nodes, which it refuses. */
export type OstreeInput = { readonly name: string; readonly directory: string; readonly tar: string };

export type OstreeInputs = { readonly from: OstreeInput; readonly to: OstreeInput };

const kinds = ['satchel', 'ostree', 'casync', 'zchunk'] as const;

type Kind = (typeof kinds)[number];

/** What each has made of both builds, for serving; absent for those that were left out. */
export type Published = { readonly [kind in Kind]?: string };

/** A publisher, and the repositories that its runs have made and not yet used again. */
type Publisher = {
  readonly who: string;
  readonly kind: Kind;
  readonly init: (repository: string) => Promise<void>;
  readonly publish: (repository: string, which: 'from' | 'to') => Promise<Measured>;
  readonly made: string[];
};

/** From a plain tar to a build that is ready to serve: into an empty repository, then the next one beside it. */
export async function publish(
  context: Context,
  pair: string,
  step: Step,
  inputs: OstreeInputs | undefined,
): Promise<{ results: Result[]; published: Published }> {
  const publishers = publishersOf(context, step, inputs);
  const extra = context.quick || inputs === undefined ? [] : [byOstreeFromTar(inputs)];
  const results = [
    ...(await contest(
      [...publishers, ...extra].map((publisher) => first(context, publisher)),
      { ...context, pair, row: 'publish the first' },
    )),
    ...(await contest(publishers.map(next), { ...context, pair, row: 'publish the next' })),
  ];
  const published = Object.fromEntries(publishers.map(({ kind, made }) => [kind, made.at(-1)!]));
  const used = new Set(Object.values(published));
  for (const { made } of [...publishers, ...extra])
    for (const repository of made) if (!used.has(repository)) context.workspace.keepUntil(repository, 'row');
  return { results: [...results, ...repositorySizes(pair, published)], published };
}

/** The same without measuring, for rows that only need something to serve. */
export async function publishOnce(
  context: Context,
  step: Step,
  inputs: OstreeInputs | undefined,
): Promise<Published> {
  const published: { [kind in Kind]?: string } = {};
  // Nobody waits for the disk here.
  for (const publisher of publishersOf(context, step, inputs, '--fsync=false')) {
    context.say(`publishing: ${publisher.who}`);
    const repository = await newRepository(context, publisher);
    await publisher.publish(repository, 'from');
    await publisher.publish(repository, 'to');
    published[publisher.kind] = repository;
  }
  return published;
}

function publishersOf(
  context: Context,
  step: Step,
  inputs: OstreeInputs | undefined,
  ...ostreeOptions: string[]
): Publisher[] {
  const publishers: Publisher[] = [
    {
      who: 'satchel',
      kind: 'satchel',
      init: satchel.initRepository,
      publish: (repository, which) => satchel.publish(repository, step[which].name, step[which].tar),
      made: [],
    },
    {
      who: 'casync make',
      kind: 'casync',
      init: async (served) => void mkdirSync(served),
      publish: (served, which) => casync.make(served, step[which].name, step[which].extracted),
      made: [],
    },
    {
      who: 'zck',
      kind: 'zchunk',
      init: async (served) => void mkdirSync(served),
      publish: (served, which) => zchunk.make(step[which].tar, join(served, `${step[which].name}.zck`)),
      made: [],
    },
  ];
  if (inputs !== undefined)
    publishers.push({
      who: 'ostree commit',
      kind: 'ostree',
      init: ostree.initArchive,
      publish: (repository, which) =>
        ostree.commit(repository, inputs[which].name, inputs[which].directory, ...ostreeOptions),
      made: [],
    });
  return publishers.filter(({ kind }) => !context.without.has(kind));
}

function byOstreeFromTar(inputs: OstreeInputs): Publisher {
  return {
    who: 'ostree commit, tar',
    kind: 'ostree',
    init: ostree.initArchive,
    publish: (repository, which) => ostree.commitTar(repository, inputs[which].name, inputs[which].tar),
    made: [],
  };
}

async function newRepository(context: Context, publisher: Publisher): Promise<string> {
  const repository = context.workspace.fresh(`${publisher.kind}-repository`, 'pair');
  await publisher.init(repository);
  return repository;
}

/** Publishing the first build, into a new repository each time. */
function first(context: Context, publisher: Publisher): Contender {
  return {
    who: publisher.who,
    async prepare() {
      const repository = await newRepository(context, publisher);
      publisher.made.push(repository);
      return () => publisher.publish(repository, 'from');
    },
  };
}

/** Publishing the second build, into the repositories that the first row has made, one after the other. */
function next(publisher: Publisher): Contender {
  return {
    who: publisher.who,
    async prepare() {
      const repository = publisher.made.shift()!;
      publisher.made.push(repository);
      return () => publisher.publish(repository, 'to');
    },
  };
}

/** What both builds together take on disk, blocks as the file system counts them. */
function repositorySizes(pair: string, published: Published): Result[] {
  return kinds.flatMap((kind) => {
    const repository = published[kind];
    if (repository === undefined) return [];
    return [{ pair, row: 'repository on disk', who: kind, samples: [], disk: onDisk(repository) }];
  });
}

function onDisk(directory: string): number {
  return Number(execFileSync('du', ['-s', '--block-size=1', directory], { encoding: 'utf8' }).split('\t')[0]);
}
