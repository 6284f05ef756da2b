import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { siteLayout } from '../site/layout.ts';
import { openTimeFloor } from '../trust/floor.ts';
import { placeClock } from './place-office.ts';

test('a site whose clock is dead goes by what was signed, an origin by its clock', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'satchel-clock-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const layout = siteLayout(join(folder, 'site'));
  mkdirSync(layout.trust, { recursive: true });
  writeFileSync(layout.settings, '{}');
  const issued = Date.parse('2026-03-02T12:00:00Z');
  openTimeFloor(join(layout.trust, 'floor'), () => 0).raise([{ witness: 'online', issued }]);
  assert.equal(placeClock(layout.repository, () => 1000)(), issued);
  assert.equal(placeClock(layout.repository, () => issued + 1)(), issued + 1);
  assert.equal(placeClock(layout.repository, () => Date.parse('2099-01-01'))(), issued);
  assert.equal(placeClock(join(folder, 'origin'), () => 1000)(), 1000);
});
