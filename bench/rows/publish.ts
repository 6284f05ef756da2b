import { execFileSync } from 'node:child_process';
import { type Contender, contest, type Result } from '../contest.ts';
import type { Context } from '../context.ts';
import type { Measured } from '../measure.ts';
import * as ostree from '../peers/ostree.ts';
import * as satchel from '../peers/satchel.ts';
import type { Step } from './update.ts';

/** A build as ostree can take it: without device nodes, which it refuses. */
export type OstreeInput = { readonly name: string; readonly directory: string; readonly tar: string };

/** Both repositories as the last run left them, for size and for serving. */
export type Published = { readonly satchel?: string; readonly ostree?: string };

/** A publisher, and the repositories that its runs have made and not yet used again. */
type Publisher = {
  readonly who: string;
  /** Whose repository it makes: `satchel` or `ostree`. */
  readonly kind: 'satchel' | 'ostree';
  readonly init: (repository: string) => Promise<void>;
  readonly publish: (repository: string, which: 'from' | 'to') => Promise<Measured>;
  readonly made: string[];
};

/** From a plain tar to a build that is ready to serve: into an empty repository, then the next one beside it. */
export async function publish(
  context: Context,
  pair: string,
  step: Step,
  inputs: { readonly from: OstreeInput; readonly to: OstreeInput },
): Promise<{ results: Result[]; published: Published }> {
  const publishers: Publisher[] = [];
  if (!context.without.has('satchel')) publishers.push(bySatchel(step));
  if (!context.without.has('ostree')) publishers.push(byOstree(inputs));
  const extra = context.quick || context.without.has('ostree') ? [] : [byOstreeFromTar(inputs)];
  const results = [
    ...(await contest(
      [...publishers, ...extra].map((publisher) => first(context, publisher)),
      { ...context, pair, row: 'publish the first' },
    )),
    ...(await contest(publishers.map(next), { ...context, pair, row: 'publish the next' })),
  ];
  const published: { satchel?: string; ostree?: string } = {};
  for (const { kind, made } of publishers) published[kind] = made.at(-1)!;
  return { results: [...results, ...repositorySizes(pair, published)], published };
}

function bySatchel(step: Step): Publisher {
  return {
    who: 'satchel',
    kind: 'satchel',
    init: satchel.initRepository,
    publish: (repository, which) => satchel.publish(repository, step[which].name, step[which].tar),
    made: [],
  };
}

function byOstree(inputs: Readonly<Record<'from' | 'to', OstreeInput>>): Publisher {
  return {
    who: 'ostree commit',
    kind: 'ostree',
    init: ostree.initArchive,
    publish: (repository, which) => ostree.commit(repository, inputs[which].name, inputs[which].directory),
    made: [],
  };
}

function byOstreeFromTar(inputs: Readonly<Record<'from' | 'to', OstreeInput>>): Publisher {
  return {
    who: 'ostree commit, tar',
    kind: 'ostree',
    init: ostree.initArchive,
    publish: (repository, which) => ostree.commitTar(repository, inputs[which].name, inputs[which].tar),
    made: [],
  };
}

/** Publishing the first build, into a new repository each time. */
function first(context: Context, publisher: Publisher): Contender {
  return {
    who: publisher.who,
    async prepare() {
      const repository = context.workspace.fresh(`${publisher.kind}-repository`);
      await publisher.init(repository);
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
  const row = 'repository on disk';
  const results: Result[] = [];
  if (published.satchel)
    results.push({ pair, row, who: 'satchel', samples: [], disk: onDisk(published.satchel) });
  if (published.ostree)
    results.push({ pair, row, who: 'ostree', samples: [], disk: onDisk(published.ostree) });
  return results;
}

function onDisk(directory: string): number {
  return Number(execFileSync('du', ['-s', '--block-size=1', directory], { encoding: 'utf8' }).split('\t')[0]);
}
