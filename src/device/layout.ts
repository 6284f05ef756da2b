import { mkdirSync, realpathSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { byteStringFromText } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName, Sha256 } from '../base/identifiers.ts';
import { syncDirectory } from '../os/atomic-file.ts';
import { removeXattr } from '../os/system-calls.ts';
import { errnoOf, systemError, withSystemErrors } from '../os/system-error.ts';

/**
 * Where everything lies on a device. The first group is as it always was on the laptops; the second is ours
 * and lies below `versions/updates/satchel/`, which an old initramfs never purges.
 */
export type DeviceLayout = {
  /** Absolute path that stands for `/` of the device. */
  readonly root: string;
  readonly versions: string;
  /** Untouched trees by name. */
  readonly pristine: string;
  /** Trees that run, by name. */
  readonly run: string;
  /** Manifests in the old format, by name. */
  readonly contents: string;
  /** An entry with a version's name keeps that version from being purged. */
  readonly sticky: string;
  /** Symlink `configs/<cfg>`: what is booted next. */
  readonly boot: string;
  readonly configs: string;
  /** Symlink `pristine/<name>`: what was booted. */
  readonly running: string;
  readonly updates: string;
  readonly home: string;
  readonly security: string;
  /** Where a boot partition is mounted, on devices that have one. */
  readonly bootPartition: string;
  /** What our initramfs says about this boot, in the memory of the running system. */
  readonly bootFacts: string;

  /** Everything of ours. */
  readonly own: string;
  readonly configuration: string;
  /** How the device boots; the initramfs reads it too. */
  readonly bootSettings: string;
  /** The version that has to prove itself; the initramfs counts its boots there. See trial.ts. */
  readonly trial: string;
  /** Versions that were left again, so that no stream brings them back by itself. */
  readonly failedBuilds: string;
  /** What the last boot of a version said: `<name>.log`. */
  readonly bootLogs: string;
  /** Metadata that was trusted last. */
  readonly trust: string;
  /** Uncompressed indexes by their SHA-256. */
  readonly indexes: string;
  /** Records of complete versions: `<name>.json`. */
  readonly builds: string;
  /** What the inodes of a version looked like when they were right: `<name>`. */
  readonly ledgers: string;
  /** What an ordinary user could not apply: `<name>.jsonl`. */
  readonly owed: string;
  /** Received pieces of stored files. */
  readonly spool: string;
  /** Trees that are being made. */
  readonly stage: string;
  /** An update that the initramfs carries out; see boot-stage-order.ts. */
  readonly bootStage: string;
  /** Writable layers by version: what the user changed; see layers.ts. */
  readonly layers: string;
  /** Trees that a repair has exchanged and that an overlay still shows, by the boot that does; see held.ts. */
  readonly held: string;
  /** What will be deleted, already out of the way. */
  readonly trash: string;
  readonly lock: string;
  readonly trashLock: string;
  readonly journal: string;
  /** What the links to sources were like. */
  readonly links: string;
  /** What was received, a file a month. */
  readonly usage: string;
  /** What this device tells about itself, until it was told. */
  readonly reports: string;
};

/** The paths of the device whose `/` is `root`. Touches nothing. */
export function deviceLayout(root: string): DeviceLayout {
  const top = resolve(root);
  const versions = join(top, 'versions');
  const updates = join(versions, 'updates');
  const own = join(updates, 'satchel');
  return {
    root: top,
    versions,
    pristine: join(versions, 'pristine'),
    run: join(versions, 'run'),
    contents: join(versions, 'contents'),
    sticky: join(versions, 'sticky'),
    boot: join(versions, 'boot'),
    configs: join(versions, 'configs'),
    running: join(versions, 'running'),
    updates,
    home: join(top, 'home'),
    security: join(top, 'security'),
    bootPartition: join(top, 'bootpart'),
    bootFacts: join(top, 'run/satchel/boot'),
    own,
    configuration: join(own, 'config.json'),
    bootSettings: join(own, 'boot.conf'),
    trial: join(own, 'trial'),
    failedBuilds: join(own, 'failed-builds.json'),
    bootLogs: join(own, 'boots'),
    trust: join(own, 'trust'),
    indexes: join(own, 'indexes'),
    builds: join(own, 'builds'),
    ledgers: join(own, 'ledgers'),
    owed: join(own, 'owed'),
    spool: join(own, 'spool'),
    stage: join(own, 'stage'),
    bootStage: join(own, 'boot-stage'),
    layers: join(own, 'layers'),
    held: join(own, 'held'),
    trash: join(own, 'trash'),
    lock: join(own, 'lock'),
    trashLock: join(own, 'trash-lock'),
    journal: join(own, 'journal.json'),
    links: join(own, 'links.json'),
    usage: join(own, 'usage'),
    reports: join(own, 'reports'),
  };
}

/** Throws `device-not-initialised` for a directory that nobody has made a device, or that does not exist. */
export function requireDevice({ root, own }: DeviceLayout): void {
  if (statSync(own, { throwIfNoEntry: false }) === undefined)
    throw new SatchelError('device-not-initialised', { root });
}

/** The untouched tree of a version. */
export function pristineTree(layout: DeviceLayout, name: BuildName): string {
  return join(layout.pristine, name);
}

/** The tree that a version runs from, where it has one of its own. */
export function runningTree(layout: DeviceLayout, name: BuildName): string {
  return join(layout.run, name);
}

/** The record that says that a version is complete. */
export function recordFile(layout: DeviceLayout, name: BuildName): string {
  return join(layout.builds, `${name}.json`);
}

/** The uncompressed index with this SHA-256. */
export function indexFile(layout: DeviceLayout, sha256: Sha256): string {
  return join(layout.indexes, sha256);
}

/** The ledger of a version. */
export function ledgerFile(layout: DeviceLayout, name: BuildName): string {
  return join(layout.ledgers, name);
}

/** What is owed to a version. */
export function owedFile(layout: DeviceLayout, name: BuildName): string {
  return join(layout.owed, `${name}.jsonl`);
}

/** Every folder of a device, those above before those below. */
function foldersOf(layout: DeviceLayout): string[] {
  return [
    layout.root,
    layout.home,
    layout.security,
    layout.versions,
    layout.pristine,
    layout.run,
    layout.contents,
    layout.sticky,
    layout.configs,
    layout.updates,
    layout.own,
    layout.trust,
    layout.indexes,
    layout.builds,
    layout.ledgers,
    layout.owed,
    layout.spool,
    layout.stage,
    layout.layers,
    layout.bootLogs,
    layout.held,
    layout.trash,
    layout.usage,
    layout.reports,
  ];
}

/**
 * Refuses a device of which a folder leads out of its root by a symlink: nothing outside may ever be written
 * or deleted. Folders that are missing are not looked at. `more`: folders that others write in. Throws
 * `device-folder-outside`.
 */
export function requireInsideRoot(layout: DeviceLayout, more: readonly string[] = []): void {
  const top = realPath(layout.root);
  if (top === undefined || top === '/') return;
  for (const path of [...foldersOf(layout), join(layout.trust, 'targets'), layout.bootPartition, ...more]) {
    const target = realPath(path);
    if (target !== undefined && target !== top && !target.startsWith(`${top}/`))
      throw new SatchelError('device-folder-outside', { path, target, root: layout.root });
  }
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch (error) {
    // Below a file there is nothing either.
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
    throw systemError(error, 'realpath', path);
  }
}

/** Makes every folder of a device; those that exist stay as they are. Throws `device-folder-outside`. */
export function initialiseDevice(root: string): DeviceLayout {
  const layout = deviceLayout(root);
  requireInsideRoot(layout);
  for (const folder of foldersOf(layout))
    withSystemErrors('mkdir', folder, () => mkdirSync(folder, { recursive: true, mode: 0o755 }));
  // Trees are made below this folder; an inherited default ACL would give every file of them an ACL.
  removeXattr(layout.stage, byteStringFromText('system.posix_acl_default'));
  for (const folder of [layout.own, layout.updates, layout.versions, layout.root]) syncDirectory(folder);
  return layout;
}
