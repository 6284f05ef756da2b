import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStickState } from '../site/stick-state.ts';
import { readStickView } from './stick-view.ts';

test('the state of a stick is read as it is written, and what cannot be read is none', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'satchel-stick-view-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const stick = join(folder, 'stick.json');
  const look = () => readStickView({ stick });
  const at = '2026-11-20T10:00:00.000Z';
  assert.equal(look(), null);

  const writer = openStickState({ stick }, { device: 'sdb1', label: 'ESCUELA' }, () => Date.parse(at));
  assert.deepEqual(look(), { state: 'found', at, done: 0, total: 0 });
  writer.expect(100);
  assert.deepEqual(look(), { state: 'copying', at, done: 0, total: 100 });
  writer.finish([{ code: 'disk-full', parameters: { path: '/srv' } }]);
  assert.deepEqual(look(), {
    ...{ state: 'done', at, done: 0, total: 100 },
    ...{ code: 'disk-full', parameters: { path: '/srv' } },
  });

  for (const text of [
    '',
    '{',
    '[]',
    '{"satchel":"stick-state","format":2,"state":"done"}',
    `{"satchel":"stick-state","format":1,"state":"lost","done":0,"total":0,"at":"${at}"}`,
    '{"satchel":"stick-state","format":1,"state":"done","done":0,"total":0,"at":"yesterday"}',
    `{"satchel":"stick-state","format":1,"state":"done","done":-1,"total":0,"at":"${at}"}`,
  ]) {
    writeFileSync(stick, text);
    assert.equal(look(), null, text);
  }
});
