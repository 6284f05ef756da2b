/** Program of the process that {@link collectTrash} starts: empties the trash of the device given. */
import { setPriority } from 'node:os';
import { silentReporter } from '../base/progress.ts';
import { deviceLayout } from './layout.ts';
import { emptyTrash } from './trash.ts';

const [root] = process.argv.slice(2);
if (root !== undefined) {
  setPriority(19);
  // No `await` outside a function: the bundle is made of CommonJS files.
  void emptyTrash(deviceLayout(root), { reporter: silentReporter });
}
