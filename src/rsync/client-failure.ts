import { SatchelError } from '../base/errors.ts';

/** How a run of rsync ended that did not succeed. */
export type RsyncEnd = {
  /** Null: a signal ended it. */
  readonly exitCode: number | null;
  /** What it wrote to standard error. */
  readonly said: string;
  readonly place: string;
};

/** Exit codes (rsync(1), EXIT VALUES) that mean that the connection broke or never came about. */
const connectionCodes: readonly (number | null)[] = [10, 12, 30, 35];

/** What a run ends with whose image could not be mounted; rsync itself has no such code. */
const mountFailed = 90;

/**
 * The error for an end of rsync: `rsync-module-unknown`, `rsync-option-refused` (an old server without attributes),
 * `rsync-refused` with the server's own words, `rsync-file-missing`, `disk-full`, `rsync-connection-failed`,
 * `rsync-failed`.
 */
export function rsyncFailure({ exitCode, said, place }: RsyncEnd): SatchelError {
  const answer = serverAnswer(said);
  const [, module] = /^@ERROR: Unknown module '([^']*)'/m.exec(said) ?? [];
  if (module !== undefined) return new SatchelError('rsync-module-unknown', { place, module });
  if (/refuse --?(?:acls|xattrs|[AX]\b)|(?:acls|xattrs) requires protocol|unknown option/i.test(said))
    return new SatchelError('rsync-option-refused', { place, reason: lastWords(said) });
  if (answer !== undefined) return new SatchelError('rsync-refused', { place, answer });
  if (/No space left on device|Disk quota exceeded/.test(said))
    return new SatchelError('disk-full', { path: place });
  if (/link_stat .* failed: No such file|change_dir .* failed: No such file/.test(said))
    return new SatchelError('rsync-file-missing', { place });
  const reason = lastWords(said);
  if (exitCode === mountFailed) return new SatchelError('rsync-mount-failed', { place, reason });
  if (connectionCodes.includes(exitCode))
    return new SatchelError('rsync-connection-failed', { place, reason });
  return new SatchelError('rsync-failed', { place, code: exitCode ?? 'signal', reason });
}

/** How a daemon begins a refusal; what its keeper's `pre-xfer exec` says comes on the lines after that. */
const refusal = /^(?:@ERROR: )?pre-xfer exec returned failure[^\n]*\n(?!rsync)|^@ERROR: /m;

/** What a daemon said when it refused, without rsync's own last line. */
function serverAnswer(said: string): string | undefined {
  const found = refusal.exec(said);
  if (found === null) return undefined;
  const lines = said.slice(found.index + found[0].length).split('\n');
  const own = lines.findIndex((line) => /^rsync(?:\[|:| error)/.test(line));
  return lines
    .slice(0, own < 0 ? undefined : own)
    .map((line) => line.trim())
    .filter(Boolean)
    .join(' ');
}

/** The first sentence about a cause; the last line is only rsync's own exit code in words. */
export function lastWords(said: string): string {
  const lines = said.split('\n').filter(Boolean);
  const cause = lines.find((line) => !/^rsync error:/.test(line)) ?? lines.at(-1) ?? '';
  return cause
    .replace(/^rsync(?:\[\d+\])?: (?:\[\w+\] )?/, '')
    .replace(/\.+$/, '')
    .slice(0, 300);
}
