import { type Measured, measure, run } from '../measure.ts';
import { type Address, urlOf } from '../servers.ts';

export async function zchunkVersion(): Promise<string> {
  return (await run({ program: 'zck', parameters: ['--version'] })).split('\n')[0]!;
}

/** Writes a tar as a zchunk file, measured. */
export function make(archive: string, output: string): Promise<Measured> {
  return measure({ program: 'zck', parameters: ['-o', output, archive] });
}

/** Downloads a zchunk file into a directory, taking from an older one what that has; measured. A file, no tree. */
export function download(at: Address, name: string, older: string, directory: string): Promise<Measured> {
  return measure({
    program: 'zckdl',
    parameters: ['-s', older, `${urlOf(at)}/${name}`],
    directory,
    ...(at.network === undefined ? {} : { network: at.network }),
  });
}
