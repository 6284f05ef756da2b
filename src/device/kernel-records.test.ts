import assert from 'node:assert/strict';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { buildName } from '../base/identifiers.ts';
import { emptyDevice } from './device.fixture.ts';
import { panicLines } from './kernel-records.ts';

const trial = { build: buildName('b'), since: '2026-03-02T08:00:00.000Z' };

/** A device on which kernels have left records. */
function device(context: TestContext) {
  const layout = emptyDevice(context);
  const leave = (path: string, text: string, time = '2026-03-02T09:00:00Z') => {
    const file = join(layout.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    utimesSync(file, new Date(time), new Date(time));
  };
  return { layout, leave, lines: () => panicLines(layout, trial) };
}

const panic = (word: string) =>
  `Panic#1 Part1\n<4>[    9.1] ${word}\n<0>[    9.2] Kernel panic - not syncing\n`;

const linesOf = (word: string) => [`<4>[    9.1] ${word}`, '<0>[    9.2] Kernel panic - not syncing'];

test('the end of the newest panic since the trial began is found where the kernel shows it', (context) => {
  const { leave, lines } = device(context);
  assert.deepEqual(lines(), []);
  leave('sys/fs/pstore/dmesg-efi-1', panic('before'), '2026-03-02T07:00:00Z');
  assert.deepEqual(lines(), []);
  leave('sys/fs/pstore/dmesg-efi-2', panic('first boot'));
  leave('sys/fs/pstore/dmesg-efi-3', panic('second boot'), '2026-03-02T09:05:00Z');
  leave('sys/fs/pstore/dmesg-efi-4', 'Panic#1 Part2\n<4>[    1.0] earlier\n', '2026-03-02T09:06:00Z');
  leave('sys/fs/pstore/console-ramoops-0', 'all of it', '2026-03-02T09:07:00Z');
  assert.deepEqual(lines(), linesOf('second boot'));
});

for (const [where, folder] of [
  ['the version that runs', 'var/lib/systemd/pstore/7/1'],
  ['the one on trial', 'versions/updates/satchel/layers/b/upper/var/lib/systemd/pstore'],
] as const)
  test(`it is found where ${where} has moved it`, (context) => {
    const { leave, lines } = device(context);
    leave(`${folder}/dmesg-ramoops-0`, `====1772442000.1-D\n${panic('moved')}`);
    leave(`${folder}/dmesg.txt`, 'put together by systemd-pstore');
    assert.deepEqual(lines(), linesOf('moved'));
  });

test('what cannot be read, or is no text of a kernel, holds nothing up', (context) => {
  const { layout, leave, lines } = device(context);
  leave('sys/fs/pstore/dmesg-efi-1.enc.z', '\u0000\u0001');
  assert.deepEqual(lines(), []);
  mkdirSync(join(layout.root, 'var/lib/systemd'), { recursive: true });
  writeFileSync(join(layout.root, 'var/lib/systemd/pstore'), 'a file');
  assert.deepEqual(lines(), []);
});
