import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The user and group `nobody`, who has no rights at all. */
export const nobody = 65_534;

const checkout = resolve(import.meta.dirname, '../..');

/** A checkout that every user may read. */
export type ReadableCheckout = Disposable & { readonly path: string };

/**
 * The checkout itself where others may look into it, else a copy of what the program and its tests need: as root
 * one may have cloned into a folder of one's own.
 */
export function readableCheckout(): ReadableCheckout {
  const probe = spawnSync(join(checkout, 'satchel'), ['--version'], { uid: nobody, gid: nobody });
  if (probe.status === 0) return { path: checkout, [Symbol.dispose]() {} };
  const path = mkdtempSync(join(tmpdir(), 'satchel-checkout-'));
  chmodSync(path, 0o755);
  for (const name of ['satchel', 'package.json', 'tsconfig.json', 'src', 'test', 'node_modules'])
    cpSync(join(checkout, name), join(path, name), { recursive: true, verbatimSymlinks: true });
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
