import { type Measured, measure, run } from '../measure.ts';
import { type Address, urlOf } from '../servers.ts';

/** The names of its index and its chunks below the directory that is served. */
const indexOf = (name: string) => `${name}.caidx`;
const chunks = 'chunks.castr';

export async function casyncVersion(): Promise<string> {
  return (await run({ program: 'casync', parameters: ['--version'] })).split('\n')[0]!;
}

/** Cuts a tree into chunks and writes its index beside them, measured. */
export function make(served: string, name: string, directory: string): Promise<Measured> {
  const parameters = ['make', `--store=${served}/${chunks}`, `${served}/${indexOf(name)}`, directory];
  return measure({ program: 'casync', parameters });
}

/** Extracts a tree, taking what it can from the seed and the rest over HTTP; measured. */
export function extract(at: Address, name: string, directory: string, seed?: string): Promise<Measured> {
  return measure({
    program: 'casync',
    parameters: [
      'extract',
      `--store=${urlOf(at)}/${chunks}`,
      ...(seed === undefined ? [] : [`--seed=${seed}`]),
      `${urlOf(at)}/${indexOf(name)}`,
      directory,
    ],
    ...(at.network === undefined ? {} : { network: at.network }),
  });
}
