import { join } from 'node:path';
import type { Trees } from '../trees.ts';
import { bytesOnDisk, type StepCost } from './costs.ts';
import { type Ran, runStep, showStep } from './program.ts';
import { type DemoServer, startServer } from './server.ts';
import { say, type Words } from './words.ts';

/** Where the story takes place. */
export type Stage = {
  readonly directory: string;
  readonly host: string;
  readonly port: number;
  readonly trees: Trees;
  readonly signal: AbortSignal;
  /** Learns of the server as soon as it runs, so that it can be stopped however the story ends. */
  readonly onServer: (server: DemoServer) => void;
};

/**
 * The main job from an empty directory: publish, serve, install, update, verify, go back. Returns what each step
 * cost. Throws when a step fails.
 */
export async function tellStory(stage: Stage): Promise<StepCost[]> {
  const { signal, trees } = stage;
  const repository = join(stage.directory, 'repository');
  const device = join(stage.directory, 'device');
  const [firstBuild, secondBuild] = buildNames(trees);
  const costs: StepCost[] = [];

  heading('init-title');
  await runStep(['init', '--repo', repository], signal);

  heading('publish-first-title');
  costs.push(await publish('row-publish-first', firstBuild, trees.a));

  heading('serve-title');
  const server = await startServer(repository, stage.host, stage.port, join(stage.directory, 'server.log'));
  stage.onServer(server);
  console.log(`  ${say('serve-started', { address: server.address })}`);

  heading('device-title');
  const first = ['--source', server.address, '--trust-on-first-use'];
  await runStep(['device', 'init', '--root', device, ...first], signal);

  heading('install-title');
  costs.push(await update('row-install'));

  heading('publish-second-title');
  costs.push(await publish('row-publish-second', secondBuild, trees.b));

  heading('delta-title');
  costs.push(await makeDelta());

  heading('plan-title');
  await showStep(['plan', '--root', device], signal);

  heading('update-title');
  costs.push(await update('row-update'));

  heading('again-title');
  costs.push(await update('row-again'));

  heading('verify-title');
  costs.push(timed('row-verify', await runStep(['verify', '--root', device, '--full'], signal)));

  heading('rollback-title');
  costs.push(timed('row-rollback', await runStep(['rollback', '--root', device], signal)));

  heading('verify-old-title');
  await showStep(['verify', '--root', device, '--full', firstBuild], signal);

  heading('status-title');
  await showStep(['status', '--root', device], signal);
  return costs;

  async function publish(row: Words, name: string, tar: string): Promise<StepCost> {
    const before = bytesOnDisk(repository);
    // Without --deltas 0 the delta would be made in the background, unseen.
    const source = ['--deltas', '0', tar];
    const words = ['publish', '--repo', repository, '--name', name, '--stream', 'stable', ...source];
    const ran = await runStep(words, signal);
    return { ...timed(row, ran), disk: bytesOnDisk(repository) - before };
  }

  async function makeDelta(): Promise<StepCost> {
    const before = bytesOnDisk(repository);
    const words = ['delta', 'create', '--repo', repository, firstBuild, secondBuild];
    const ran = await runStep(words, signal);
    return { ...timed('row-delta', ran), disk: bytesOnDisk(repository) - before };
  }

  async function update(row: Words): Promise<StepCost> {
    const before = bytesOnDisk(device);
    const ran = await runStep(['update', '--root', device], signal);
    return { ...timed(row, ran), ...transfer(ran), disk: bytesOnDisk(device) - before };
  }
}

/** The names that the two trees are published under. */
export function buildNames(trees: Trees): [first: string, second: string] {
  return trees.kind === 'debian' ? ['debian-1', 'debian-2'] : ['example-1', 'example-2'];
}

/** Prints the title of a step. */
export function heading(title: Words): void {
  console.log(`\n${say(title)}`);
}

function timed(row: Words, ran: Ran): StepCost {
  return { step: say(row), seconds: ran.seconds };
}

function transfer({ report }: Ran): { received?: number; requests?: number } {
  const { bytesReceived, requests } = report;
  return {
    ...(typeof bytesReceived === 'number' ? { received: bytesReceived } : {}),
    ...(typeof requests === 'number' ? { requests } : {}),
  };
}
