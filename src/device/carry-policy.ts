import type { ByteString } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';

/**
 * What becomes of a change of the user in the next version. `merge`: what both sides changed is put together where it
 * is text; `keep`: the user's version; `drop`: the next version's; `persist`: left to the initramfs, which copies it.
 */
export type CarryRule = 'merge' | 'keep' | 'drop' | 'persist';

/** Says what becomes of each path. */
export type CarryPolicy = (path: ByteString) => CarryRule;

/** One line of a policy: what the pattern names, and everything below it. */
export type PolicyLine = { readonly rule: CarryRule; readonly pattern: string };

/** Where the operator's policy lies in a tree. */
export const policyPath = 'etc/satchel/carry.conf' as ByteString;

/** The policy of a device whose operator has written none. */
export const defaultPolicy = `# What becomes of the changes of the user in the next version: the first line that fits counts.
#   merge   what the user and the next version changed is put together, where it is text
#   keep    the user's version
#   drop    the next version's
# A line names a path and everything below it; * stands for anything within one name, ** for anything at all.
# Made anew by the system, or only of use to one version:
drop /etc/ld.so.cache
drop /etc/mtab
drop /etc/.pwd.lock
drop /etc/.updated
drop /etc/passwd-
drop /etc/group-
drop /etc/shadow-
drop /etc/gshadow-
drop /etc/subuid-
drop /etc/subgid-
drop /var/.updated
drop /var/tmp
drop /var/cache
drop /var/log/journal
drop /var/lib/apt
drop /var/lib/dpkg
drop /var/lib/rpm
drop /var/lib/dnf
# Settings:
merge /etc
# Data:
keep /var
keep /root
keep /srv
keep /opt
keep /usr/local
keep /mnt
keep /media
# Everything else is the system, which the next version brings whole:
drop /
`;

const lineForm = /^(merge|keep|drop)[ \t]+(\/.*?)[ \t]*$/;

/** Reads a policy. Throws `carry-policy-wrong` with the line. */
export function parsePolicy(text: ByteString, file: string): PolicyLine[] {
  const lines: PolicyLine[] = [];
  for (const [number, line] of text.split('\n').entries()) {
    if (/^[ \t\r]*(#|$)/.test(line)) continue;
    const [, rule, pattern] = lineForm.exec(line.replace(/\r$/, '')) ?? [];
    if (rule === undefined || pattern === undefined)
      throw new SatchelError('carry-policy-wrong', { file, line: number + 1 });
    lines.push({ rule: rule as CarryRule, pattern });
  }
  return lines;
}

/** Lines of a list of persistent paths: one absolute path a line; what is no such path is left to the initramfs. */
export function persistLines(text: ByteString): PolicyLine[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('/'))
    .map((pattern) => ({ rule: 'persist', pattern }));
}

/** The policy of these lines; what none of them names is dropped. */
export function policyOf(lines: readonly PolicyLine[]): CarryPolicy {
  const rules = lines.map(({ rule, pattern }) => ({ rule, matches: expressionOf(pattern) }));
  return (path) => rules.find(({ matches }) => matches.test(`/${path}`))?.rule ?? 'drop';
}

/** Matches what the pattern names and everything below it. */
function expressionOf(pattern: string): RegExp {
  const body = pattern
    .replace(/\/+$/, '')
    .split(/(\*\*|\*|\?)/)
    .map((part) => wildcards[part] ?? part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
    .join('');
  return new RegExp(`^${body}(?:/|$)`, 's');
}

const wildcards: Readonly<Record<string, string>> = { '**': '.*', '*': '[^/]*', '?': '[^/]' };
