/** The user who has no rights at all, for stories that must not need any. */
import { spawnSync } from 'node:child_process';
import { nobody } from './readable-checkout.ts';
import { launcher } from './satchel-program.ts';

/** The words that let a command of the program run as nobody; needs root. */
export function nobodyWrapper(): string[] {
  const plain = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'];
  const [program = '', ...words] = [...plain, launcher, '--version'];
  if (spawnSync(program, words).status === 0) return plain;
  // The checkout lies where others may not look: reading is allowed then, and nothing else.
  return [...plain, '--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
}
