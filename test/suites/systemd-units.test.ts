/** The units in packaging/systemd are what systemd understands, and start commands that there are. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { findProgram } from '../../src/os/process.ts';
import { satchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';

const units = join(import.meta.dirname, '../../packaging/systemd');
const names = readdirSync(units);
const analyser = findProgram('systemd-analyze');
const scratch = scratchFolder('systemd-units');
after(() => scratch.remove());

test('systemd finds nothing wrong with the units', { skip: analyser === undefined }, () => {
  // It looks for the program and the user, which are those of a machine where Satchel is installed.
  for (const name of names)
    writeFileSync(
      scratch.file(name),
      readFileSync(join(units, name), 'utf8')
        .replace('/opt/satchel/satchel', '/bin/true')
        .replace('/usr/lib/satchel/boot-guard', '/bin/true')
        .replace('User=satchel', 'User=root'),
    );
  const paths = names.map((name) => scratch.file(name.replace('@.', '@sdb1.')));
  const { status, stderr } = spawnSync(analyser ?? '', ['verify', '--man=no', ...paths], {
    encoding: 'utf8',
  });
  assert.deepEqual([status, stderr], [0, '']);
});

describe('the program knows the words of', () => {
  for (const name of names.filter((unit) => unit.endsWith('.service'))) {
    const text = readFileSync(join(units, name), 'utf8');
    // One that has to work where the program does not.
    if (text.includes('ExecStart=/usr/lib/satchel/boot-guard')) continue;
    test(name, async () => {
      const [, words = ''] = /^Exec(?:Start|Stop)=\/opt\/satchel\/satchel (.+)$/m.exec(text) ?? [];
      assert.notEqual(words, '');
      // A word that is not known is told before the one that it does not know for certain.
      const { code, stderr } = await satchel([...words.split(' '), '--no-such-option']);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /--no-such-option/);
    });
  }
});
