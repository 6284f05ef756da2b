import { spawn } from 'node:child_process';
import { languageFromEnvironment, say } from '../base/catalogue.ts';
import { findProgram } from '../os/process.ts';

/**
 * Keeps the machine awake until it is disposed of, where systemd can; elsewhere nothing happens. It ends with this
 * process too, however that ends, because it waits for the end of a pipe.
 */
export function inhibitSuspend(): AsyncDisposable {
  const program = findProgram('systemd-inhibit');
  if (program === undefined) return { async [Symbol.asyncDispose]() {} };
  const why = say('rsync-inhibit-why', {}, languageFromEnvironment()).text;
  const child = spawn(program, ['--what=sleep', '--who=olpc-update', `--why=${why}`, 'cat'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin.on('error', () => {});
  const ended = new Promise<void>((resolve) => {
    // A machine without a login manager refuses; then it is as if there were no such program.
    child.once('error', () => resolve());
    child.once('close', () => resolve());
  });
  return {
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      child.kill('SIGTERM');
      await ended;
    },
  };
}
