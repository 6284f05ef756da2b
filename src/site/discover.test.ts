import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, test } from 'node:test';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { when } from '../../test/doubles/when.ts';
import type { MessageCode, MessageParameters } from '../base/catalogue.ts';
import { openDirectoryStore } from '../store/directory.ts';
import { metadataFile } from '../trust/names.ts';
import { advertise, lookEvery } from './discover.ts';

const scratch = scratchFolder('discover');
after(() => scratch.remove());

test('a first root that cannot be read is told once, however often it is tried again', async (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] });
  const root = scratch.file(metadataFile('root', 1));
  mkdirSync(dirname(root));
  symlinkSync(root, root);
  const store = openDirectoryStore(scratch.path);
  let reads = 0;
  const counted: typeof store.read = (...call) => {
    reads += 1;
    return store.read(...call);
  };
  const told: { code: MessageCode; parameters: MessageParameters | undefined }[] = [];
  const place = advertise({
    ...{ name: 'school', id: '0'.repeat(16), store: { ...store, read: counted } },
    listen: { host: '127.0.0.1', port: 8400 },
    reporter: { notice: (code, parameters) => told.push({ code, parameters }) },
  });
  await when(() => told.length === 1);
  for (const turn of [2, 3]) {
    context.mock.timers.tick(lookEvery);
    await when(() => reads === turn);
  }
  await place.close();
  assert.deepEqual(
    told.map(({ code }) => code),
    ['advertise-not-yet'],
  );
  assert.match(String(told[0]?.parameters?.reason), /1\.root\.json/);
});
