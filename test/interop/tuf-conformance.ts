import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const suite = process.env.TUF_CONFORMANCE;
const skip = suite ? false : 'TUF_CONFORMANCE does not name a checkout of the suite: see tuf-conformance.md';

test('the trust client passes the public TUF conformance suite', { skip }, (t) => {
  const client = join(import.meta.dirname, 'tuf-conformance-client');
  const run = spawnSync('python3', ['-m', 'pytest', 'tuf_conformance', '-q', '--entrypoint', client], {
    cwd: suite,
    encoding: 'utf8',
  });
  t.diagnostic(run.stdout.trim().split('\n').at(-1) ?? '');
  assert.equal(run.status, 0, `${run.stdout}\n${run.stderr}`);
});
