import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeRollout } from '../advice/rollout-plan.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { Fields } from '../base/fields.ts';
import { rollout } from '../repository/rollout-record.ts';
import { firstGiven, planOf, type RolloutValues, rolloutOptions } from './rollout-options.ts';
import { steps } from './rollout-values.ts';

/** Reads options as the frame does: words by the name of the option. */
function valuesOf(words: Readonly<Record<string, readonly string[]>>): RolloutValues {
  const entries = Object.entries(rolloutOptions).map(([name, option]) => [
    name,
    option.read(words[name] ?? [], `--${name}`),
  ]);
  return Object.fromEntries(entries) as RolloutValues;
}

const salt = '0123456789abcdef';
const began = Date.parse('2026-03-01T00:00:00Z');
const sites = [{ id: 'a'.repeat(16), name: 'north', parent: null }];
const device = (identity: string) => ({ identity, site: sites[0]!.id, took: false, well: false });
const fleet = { sites, devices: ['N1', 'N2', 'N3'].map(device) };

/** The signed rules as they are read again. */
function signed(given: string, words: Readonly<Record<string, readonly string[]>>) {
  const plan = planOf(steps(given, '--steps'), valuesOf(words), sites);
  const made = makeRollout(plan, { salt, began, fleet });
  const bytes = Buffer.from(JSON.stringify(made));
  assert.deepEqual(rollout(Fields.parse(bytes, 'rollout')), made);
  return made;
}

test('what is said becomes the signed rules, and what is not said stays out', () => {
  assert.deepEqual(signed('1%@0h,100%@1d', {}), {
    ...{ salt, began: '2026-03-01T00:00:00Z' },
    steps: [
      { share: 100, after: 0 },
      { share: 10_000, after: 86_400 },
    ],
  });
  const made = signed('1%@0h', {
    ...{ earlySerial: ['SHC*', 'CSN1'], onlySite: ['north'], onlyBuild: ['os-1'], notBefore: ['2026-03-05'] },
    ...{ quietDays: ['2026-03-10=exam'], reserve: ['1'], maxFailed: ['5%'], minDevices: ['7'] },
  });
  assert.deepEqual(made.early, { serials: ['SHC*', 'CSN1'] });
  assert.deepEqual([made.only?.builds, made.only?.devices?.length], [['os-1'], 16]);
  assert.deepEqual([made.notBefore, made.quiet?.length], ['2026-03-05T00:00:00Z', 1]);
  assert.equal(made.reserved?.until, 7 * 86_400);
  assert.deepEqual(made.automatic, { failed: 500, silent: 10_000, atLeast: 7, silentAfter: 259_200 });
});

test('the first option that needs a rollout is named as it was written', () => {
  assert.equal(firstGiven(valuesOf({})), undefined);
  assert.equal(firstGiven(valuesOf({ maxFailed: ['5%'] })), '--max-failed');
  assert.equal(firstGiven(valuesOf({ quietDays: ['2026-03-10'] })), '--quiet-days');
});

test('whatever is written, it is refused with a sentence or becomes rules that devices can read', () => {
  const words = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.constantFrom(
      '5%',
      '0%',
      '100%',
      '1%@0h,2%@1h',
      '7d',
      '0',
      '1',
      '2026-03-10',
      '2026-03-10/2026-03-11=x',
      'north',
    ),
    fc.constantFrom(
      'SHC*',
      '@/nowhere',
      'sat,sun',
      'none',
      '\u0000',
      '9'.repeat(30),
      '99999-01-01',
      '9999-12-31',
    ),
  );
  const names = Object.keys(rolloutOptions);
  const given = fc.dictionary(fc.constantFrom(...names), fc.array(words, { minLength: 1, maxLength: 2 }), {
    maxKeys: 4,
  });
  fc.assert(
    fc.property(fc.oneof(words, fc.constant('1%@0h,100%@4d')), given, (first, options) => {
      try {
        signed(first, options);
      } catch (error) {
        if (!(error instanceof SatchelError)) throw error;
        assert.ok(
          !isSatchelError(error, 'record-invalid'),
          `${error.message} ${JSON.stringify([first, options])}`,
        );
      }
    }),
    { numRuns: 1000 },
  );
});

test('more patterns than a record may have are refused', () => {
  const many = Array.from({ length: 5000 }, (_, number) => `S${number}*`);
  assert.throws(
    () => signed('1%@0h', { earlySerial: many }),
    (error) => isSatchelError(error, 'rollout-too-many-patterns'),
  );
});
