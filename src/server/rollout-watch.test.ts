import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { makeRollout } from '../advice/rollout-plan.ts';
import { startRollout } from '../advice/rollout-start.ts';
import type { MessageCode } from '../base/catalogue.ts';
import { SatchelError } from '../base/errors.ts';
import { streamName } from '../base/identifiers.ts';
import { emptyRepository } from '../repository/repository.fixture.ts';
import type { LazyFleet } from './lazy-fleet.ts';
import { rolloutWatch } from './rollout-watch.ts';

const hour = 3_600_000;

/** An origin whose rollout had a step an hour ago. */
async function scene(context: TestContext) {
  const fixture = await emptyRepository(context);
  await fixture.publish('one', { file: 'one' });
  let later = 0;
  const said: MessageCode[] = [];
  const publishing = {
    ...fixture.context,
    clock: () => fixture.context.clock() + later,
    reporter: { progress() {}, notice: (code: MessageCode) => said.push(code) },
  };
  const steps = [{ share: 10_000, after: 3600 }];
  const rollout = (began: number) =>
    makeRollout({ steps }, { salt: '0123456789abcdef', began, fleet: { devices: [], sites: [] } });
  await startRollout(publishing, { stream: streamName('stable'), rollout });
  later = 2 * hour;
  const version = async () => (await fixture.catalog()).metadata.timestamp.signed.version;
  return { publishing, said, version };
}

test('a served origin looks at once, signs the step that came, and ends what it is doing', async (context) => {
  const { publishing, version } = await scene(context);
  const before = await version();
  const looked = Promise.withResolvers<undefined>();
  const fleet: LazyFleet = {
    open: () => assert.fail('nobody reported'),
    openIfThere: async () => {
      looked.resolve(undefined);
      return undefined;
    },
    close: async () => {},
  };
  const watch = rolloutWatch(publishing, fleet);
  watch.begin();
  await looked.promise;
  while ((await version()) === before) await new Promise((resolve) => setImmediate(resolve));
  await watch.stop();
  assert.equal(await version(), before + 1);
});

test('what goes wrong is said and ends nothing', async (context) => {
  const { publishing, said } = await scene(context);
  const looked = Promise.withResolvers<undefined>();
  const fleet: LazyFleet = {
    open: () => assert.fail('it is not opened'),
    openIfThere: async () => {
      looked.resolve(undefined);
      throw new SatchelError('fleet-busy', { path: '/somewhere' });
    },
    close: async () => {},
  };
  const watch = rolloutWatch(publishing, fleet);
  watch.begin();
  await looked.promise;
  while (said.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await watch.stop();
  assert.deepEqual(said, ['rollout-watch-failed']);
});
