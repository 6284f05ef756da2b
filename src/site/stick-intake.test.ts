import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Sha256 } from '../base/identifiers.ts';
import { removeTree } from '../os/remove-tree.ts';
import { systemError } from '../os/system-error.ts';
import type { ReadableStore } from '../store/store.ts';
import { siteLayout } from './layout.ts';
import { openStickTree } from './stick-files.ts';
import { openIntake } from './stick-intake.ts';
import type { StickProblem } from './stick-state.ts';

const content = Buffer.alloc(300_000, 'x');
const sha256 = hash('sha256', content) as Sha256;
const file = { name: `packs/${sha256}.pack`, length: content.length, sha256 };

/** A stick whose pack ends in a failure after some bytes; `before` is called then. */
function start(t: TestContext, failure: { code: string; errno: number }, before = (_: string) => {}) {
  const top = mkdtempSync(join(tmpdir(), 'satchel-intake-'));
  t.after(() => removeTree(top));
  mkdirSync(join(top, 'stick/satchel/repo'), { recursive: true });
  const layout = siteLayout(join(top, 'site'));
  for (const folder of [layout.repository, layout.directory]) mkdirSync(folder);
  const problems: StickProblem[] = [];
  const stick: ReadableStore = {
    location: 'stick',
    async read() {
      return {
        size: content.length,
        body: (async function* () {
          yield content.subarray(0, 100_000);
          before(join(top, 'stick'));
          throw systemError(Object.assign(new Error('failed'), failure), 'read', 'the stick');
        })(),
      };
    },
    close: async () => {},
  };
  const open = () =>
    openIntake({
      layout,
      tree: openStickTree(join(top, 'stick')),
      trust: { stick },
      problems,
      onBytes: () => {},
    });
  return { layout, problems, open, left: () => existsSync(join(layout.directory, 'stick-incoming')) };
}

test('a file that cannot be read to its end is named and leaves nothing', async (t) => {
  const { layout, problems, open, left } = start(t, { code: 'EIO', errno: -5 });
  {
    await using intake = open();
    await intake.take(file);
    assert.equal(intake.copied(), 0);
  }
  assert.deepEqual(
    problems.map(({ code, parameters }) => [code, parameters.file]),
    [['stick-file-unreadable', file.name]],
  );
  assert.ok(!existsSync(join(layout.repository, file.name)));
  assert.ok(!left());
});

test('a stick that is gone ends the loading with that sentence', async (t) => {
  const { problems, open, left } = start(t, { code: 'EIO', errno: -5 }, (stick) =>
    rmSync(stick, { recursive: true }),
  );
  await assert.rejects(
    async () => {
      await using intake = open();
      await intake.take(file);
    },
    { code: 'stick-pulled-out' },
  );
  assert.deepEqual(problems, []);
  assert.ok(!left());
});

test('what an earlier loading has left behind goes, and a whole file is kept', async (t) => {
  const { layout, problems } = start(t, { code: 'EIO', errno: -5 });
  const folder = join(layout.directory, 'stick-incoming');
  mkdirSync(join(folder, 'old'), { recursive: true });
  const whole: ReadableStore = {
    location: 'stick',
    read: async () => ({
      size: content.length,
      body: (async function* () {
        yield content;
      })(),
    }),
    close: async () => {},
  };
  await using intake = openIntake({
    layout,
    tree: openStickTree(layout.repository),
    trust: { stick: whole },
    problems,
    onBytes: () => {},
  });
  assert.ok(!existsSync(join(folder, 'old')));
  await intake.take(file);
  assert.deepEqual(readFileSync(join(layout.repository, file.name)), content);
  assert.equal(intake.copied(), content.length);
});
