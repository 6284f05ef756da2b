import { testStoreConformance } from '../../test/suites/store-conformance.ts';
import { memoryStore } from './memory.ts';

testStoreConformance('the memory store', async () => ({ store: memoryStore(), async dispose() {} }), {
  streams: false,
});
