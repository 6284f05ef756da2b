import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isSatchelError } from '../base/errors.ts';
import { recordTime } from '../base/fields.ts';
import { readOfficeSettings, trustedBy } from '../lease/office-settings.ts';
import { openLeaseStore } from '../lease/store.ts';
import { signatureCheck } from '../lease/take-check.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readRecordIfGood } from '../os/record-file.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { everySite, type StickFile } from '../store/stick-manifest.ts';
import type { SiteLayout } from './layout.ts';
import type { SiteSettings } from './settings.ts';
import { siteAttachments } from './stick-attach.ts';
import type { StickTree } from './stick-files.ts';
import { copyHashed, requireStick, Unreadable } from './stick-intake.ts';
import type { StickList } from './stick-manifest-file.ts';
import { isSigned } from './stick-sign.ts';
import type { StickProblem } from './stick-state.ts';
import type { StickTrust } from './stick-trust.ts';

export type AcceptOptions = {
  readonly layout: SiteLayout;
  readonly settings: Pick<SiteSettings, 'id' | 'name'>;
  readonly tree: StickTree;
  readonly list: StickList;
  readonly trust: Pick<StickTrust, 'root' | 'now' | 'signal'>;
  readonly problems: StickProblem[];
};

/** An attachment and where a site keeps it. */
type Destined = { readonly file: StickFile; readonly path: string };

/**
 * Takes the leases, delegations and activities that are for this site. Only from a stick whose list is signed by keys that
 * the site trusts, that has not run out, and that is not older than the one whose attachments were taken last. The result
 * are the names of what was taken. Throws `stick-pulled-out`, `stick-symlink`, `disk-full`.
 */
export async function acceptAttachments(options: AcceptOptions): Promise<string[]> {
  const { layout, list, tree, trust, problems } = options;
  const wanted = destinedFor(options);
  if (wanted.length === 0) return [];
  const refusal = refusalOf(options);
  if (refusal !== undefined) {
    problems.push(refusal);
    return [];
  }
  const taken: string[] = [];
  const held = new Set(lastTaken(layout)?.held);
  const handedOut = new Set<string>();
  for (const { file, path } of wanted) {
    if (await takeOne(tree, file, path, trust.signal)) taken.push(file.name);
    else {
      problems.push({ code: 'stick-file-damaged', parameters: { file: file.name } });
      continue;
    }
    if (dirname(path) !== layout.leases) continue;
    const problem = held.has(file.sha256) ? undefined : await handOut(path, file, options);
    if (problem === undefined) handedOut.add(file.sha256);
    else problems.push(problem);
  }
  const record = { satchel: 'stick-accepted', format: 1, made: list.manifest.made, held: [...handedOut] };
  writeFileAtomic(takenFile(layout), `${JSON.stringify(record)}\n`, { mode: 0o600 });
  return taken;
}

/** Gives leases or delegations to what the site hands out; the problem when they make no sense. */
async function handOut(
  path: string,
  file: StickFile,
  { layout, trust }: AcceptOptions,
): Promise<StickProblem | undefined> {
  const store = openLeaseStore(layout.leases);
  try {
    const isRight = signatureCheck(store, trustedBy(readOfficeSettings(layout.leases)));
    const { wrong } = await store.take([path], { isRight, signal: trust.signal });
    return wrong === 0
      ? undefined
      : { code: 'stick-leases-unbelievable', parameters: { file: file.name, count: wrong } };
  } catch (error) {
    if (!isSatchelError(error, ...wrongLeases)) throw error;
    return { code: 'stick-leases-wrong', parameters: { file: file.name, reason: error.message } };
  } finally {
    await store.close();
  }
}

/** What may be wrong with the content of such a file. */
const wrongLeases = [
  'leases-invalid',
  'lease-line-invalid',
  'signature-line-invalid',
  'laptops-line-wrong',
  'lease-settings-damaged',
] as const;

/** What is for every site comes first, so that what is for this one takes its place. */
function destinedFor({ layout, settings, list }: AcceptOptions): Destined[] {
  const { files } = list.manifest;
  const found = [everySite, settings.name, settings.id].flatMap((site) =>
    siteAttachments.flatMap((kind) =>
      files
        .filter(({ name, sha256 }) => name === `sites/${site}/${kind}-${sha256}`)
        .map((file) => ({ file, path: join(layout.leases, kind) })),
    ),
  );
  const activities = files
    .filter(({ name }) => name.startsWith('activities/'))
    .map((file) => ({ file, path: join(layout.directory, file.name) }));
  return [...found, ...activities];
}

/** Why nothing may be taken. */
function refusalOf({ layout, list, trust }: AcceptOptions): StickProblem | undefined {
  const { made, expires } = list.manifest;
  if (!isSigned(list.bytes, list.signatures, trust.root)) return { code: 'stick-unsigned', parameters: {} };
  if (trust.now >= Date.parse(expires))
    return { code: 'stick-expired', parameters: { expires, now: recordTime(trust.now) } };
  const taken = lastTaken(layout);
  if (taken !== undefined && Date.parse(made) < Date.parse(taken.made))
    return { code: 'stick-attachment-older', parameters: { made, taken: taken.made } };
  return undefined;
}

function takenFile({ directory }: SiteLayout): string {
  return join(directory, 'stick-accepted.json');
}

/** When the stick was made whose attachments were taken last, and the hashes of what the site hands out of it. */
function lastTaken(
  layout: SiteLayout,
): { readonly made: string; readonly held: readonly string[] } | undefined {
  // A damaged note blocks nothing that is signed.
  return readRecordIfGood(takenFile(layout), (fields) => ({
    made: fields.time('made'),
    held: fields.has('held') ? fields.texts('held') : [],
  }));
}

/** Copies an attachment to its place; false when it is not what the list says. */
async function takeOne(
  tree: StickTree,
  file: StickFile,
  path: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (tree.sizeOf(file.name) !== file.length) return false;
  withSystemErrors('mkdir', path, () => mkdirSync(dirname(path), { recursive: true, mode: 0o700 }));
  try {
    return await copyHashed(tree.pathOf(file.name), { path, sum: file.sha256 }, { signal });
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    if (isSatchelError(error.cause, 'cancelled')) throw error.cause;
    requireStick(tree, error.cause);
    return false;
  }
}
