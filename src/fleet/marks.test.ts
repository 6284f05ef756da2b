import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openFleet } from './fleet.ts';

test('marks are kept by laptop, person, reason and time, and one that changes nothing is none', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'satchel-marks-'));
  let now = Date.parse('2026-03-02T12:00:00Z');
  const fleet = await openFleet(join(folder, 'repository'), { clock: () => now });
  context.after(async () => {
    await fleet.close();
    rmSync(folder, { recursive: true });
  });
  const { marks } = fleet;
  assert.deepEqual(await marks.list(), []);
  const stolen = { stolen: true, by: 'Ana', reason: 'lost' };
  await marks.record(['SHC00000001', 'SHC00000002', 'SHC00000001'], stolen);
  now += 60_000;
  await marks.record(['SHC00000001'], { ...stolen, by: 'Luis' });
  await marks.record(['SHC00000003'], { stolen: false, by: 'Luis', reason: 'was never lost' });
  await marks.record(['SHC00000001'], { stolen: false, by: 'Luis', reason: 'found' });
  const found = { stolen: false, by: 'Luis', reason: 'found', at: '2026-03-02T12:01:00Z' };
  const first = { serial: 'SHC00000001', ...stolen, at: '2026-03-02T12:00:00Z' };
  assert.deepEqual(await marks.list(), [
    { serial: 'SHC00000001', ...found },
    { ...first, serial: 'SHC00000002' },
    first,
  ]);
  assert.deepEqual(await marks.list(['SHC00000002']), [{ ...first, serial: 'SHC00000002' }]);
});
