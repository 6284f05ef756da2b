import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ByteString } from '../base/byte-string.ts';
import { isSatchelError } from '../base/errors.ts';
import { defaultPolicy, parsePolicy, persistLines, policyOf } from './carry-policy.ts';

const policy = (text: string) => policyOf(parsePolicy(text as ByteString, 'carry.conf'));
const ruleOf = (text: string, path: string) => policy(text)(path as ByteString);

test('a line names a path and everything below it, and the first that fits counts', () => {
  const text = 'keep /var/lib/x\ndrop /var\nmerge /etc\n';
  for (const [path, rule] of [
    ['var/lib/x', 'keep'],
    ['var/lib/x/y/z', 'keep'],
    ['var/lib/xy', 'drop'],
    ['var', 'drop'],
    ['etc/a', 'merge'],
    ['etcetera', 'drop'],
    ['', 'drop'],
  ] as const)
    assert.equal(ruleOf(text, path), rule, path);
});

test('stars stay within a name, two of them do not, and everything else means itself', () => {
  assert.equal(ruleOf('keep /etc/*.conf', 'etc/a.conf'), 'keep');
  assert.equal(ruleOf('keep /etc/*.conf', 'etc/aXconf'), 'drop');
  assert.equal(ruleOf('keep /etc/*.conf', 'etc/d/a.conf'), 'drop');
  assert.equal(ruleOf('keep /etc/**/own', 'etc/a/b/own'), 'keep');
  assert.equal(ruleOf('keep /etc/a?c', 'etc/abc'), 'keep');
  assert.equal(ruleOf('keep /etc/(a|b)[c]+', 'etc/(a|b)[c]+'), 'keep');
  assert.equal(ruleOf('keep /with space/', 'with space/x'), 'keep');
  assert.equal(ruleOf('keep /', 'anything'), 'keep');
});

test('comments, empty lines and carriage returns do no harm; anything else is refused with its line', () => {
  assert.equal(ruleOf('\n# keep /a\n \t\r\nkeep\t/b  \r\n', 'b'), 'keep');
  for (const line of ['keep', 'keep etc', 'remove /etc', 'persist /etc', 'keep/etc', 'x'.repeat(99)])
    assert.throws(
      () => policy(`# first\n${line}\n`),
      (error) =>
        isSatchelError(error, 'carry-policy-wrong') &&
        error.parameters.line === 2 &&
        error.parameters.file === 'carry.conf',
    );
});

test('ours merges settings, keeps data, and leaves the system to the next version', () => {
  for (const [path, rule] of [
    ['etc/hosts', 'merge'],
    ['etc/ld.so.cache', 'drop'],
    ['etc/passwd-', 'drop'],
    ['var/lib/app/data', 'keep'],
    ['var/lib/dpkg/status', 'drop'],
    ['var/cache/x', 'drop'],
    ['usr/local/bin/x', 'keep'],
    ['usr/bin/x', 'drop'],
    ['root/.bashrc', 'keep'],
    ['boot/x', 'drop'],
  ] as const)
    assert.equal(ruleOf(defaultPolicy, path), rule, path);
});

test('a list of persistent paths is read as the initramfs reads it', () => {
  const lines = persistLines('# names\n/etc/hostname\n\n  /etc/ssh/ssh_host_*  \nrelative\n' as ByteString);
  const rule = policyOf(lines);
  assert.equal(rule('etc/hostname' as ByteString), 'persist');
  assert.equal(rule('etc/ssh/ssh_host_rsa_key' as ByteString), 'persist');
  assert.equal(rule('etc/ssh/sshd_config' as ByteString), 'drop');
  assert.equal(rule('relative' as ByteString), 'drop');
});
