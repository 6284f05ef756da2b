import { spawn } from 'node:child_process';
import { SatchelError } from '../base/errors.ts';
import { findProgram } from '../os/process.ts';

/** Asks the system to start anew, and waits until it has understood. Throws `reboot-failed`. */
export async function reboot(): Promise<void> {
  const systemctl = findProgram('systemctl');
  const program = systemctl ?? findProgram('reboot');
  if (program === undefined) throw new SatchelError('reboot-failed', { reason: 'systemctl, reboot: ENOENT' });
  const child = spawn(program, systemctl === undefined ? [] : ['reboot'], { stdio: 'ignore' });
  const exitCode = await new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? signal ?? ''));
  });
  if (exitCode !== 0) throw new SatchelError('reboot-failed', { reason: `${program}: ${exitCode}` });
}
