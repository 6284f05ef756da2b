import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metadataText, servedRepository } from '../../test/doubles/served-repository.ts';
import { cachedPageData, type PageData } from './page-data.ts';

const empty: PageData = { builds: [], costs: [], deltas: [], streams: [] };

test('the data is loaded once for each version of the repository, however many ask', async () => {
  using repository = servedRepository();
  let loads = 0;
  const pageData = cachedPageData(repository.directory, async () => {
    loads += 1;
    return empty;
  });
  await Promise.all([pageData(), pageData(), pageData()]);
  await pageData();
  assert.equal(loads, 1);
  repository.write('metadata/timestamp.json', metadataText(4, '2099-01-01T00:00:00Z'));
  await pageData();
  assert.equal(loads, 2);
});

test('a failure is told and not kept', async () => {
  using repository = servedRepository();
  let loads = 0;
  const pageData = cachedPageData(repository.directory, async () => {
    loads += 1;
    if (loads === 1) throw new Error('torn');
    return empty;
  });
  await assert.rejects(pageData(), /torn/);
  assert.equal(await pageData(), empty);
});
