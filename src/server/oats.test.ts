import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatHashcash, makeHashcash, parseHashcashChallenge } from '../advice/hashcash.ts';
import type { OatsRequest } from '../advice/oats-request.ts';
import type { BuildName, Sha256, StreamName } from '../base/identifiers.ts';
import type { Report } from '../device/report.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { parseReports } from '../fleet/report-schema.ts';
import type { Serial } from '../lease/laptop.ts';
import { openLog } from './logger.ts';
import { oatsChallenges } from './oats-challenges.ts';
import { oatsReports } from './oats-reports.ts';

describe('challenges', () => {
  const solve = async (header: string | undefined) => {
    const challenge = parseHashcashChallenge(header ?? '');
    assert.ok(challenge);
    return formatHashcash(await makeHashcash(challenge, { now: 0 }));
  };

  test('work counts once, for half an hour at most, and only for whom it was asked by', async () => {
    let now = 0;
    const ours = oatsChallenges(() => now);
    assert.equal(ours.unmet(undefined, 0), undefined);
    const header = await solve(ours.unmet(undefined, 6));
    assert.equal(ours.unmet(header, 6), undefined);
    assert.notEqual(ours.unmet(header, 6), undefined, 'twice');
    assert.notEqual(
      ours.unmet(await solve(oatsChallenges().unmet(undefined, 6)), 6),
      undefined,
      'of another',
    );
    const late = await solve(ours.unmet(undefined, 6));
    now += 15 * 60_000;
    assert.equal(ours.unmet(late, 6), undefined);
    assert.notEqual(ours.unmet(late, 6), undefined, 'twice, in the next turn');
    const tooLate = await solve(ours.unmet(undefined, 6));
    now += 30 * 60_000;
    assert.notEqual(ours.unmet(tooLate, 6), undefined);
    assert.notEqual(ours.unmet(header, 6), undefined);
  });

  test('however much of it others have done, whoever does it now is answered, once', async () => {
    const ours = oatsChallenges(() => 0, 3);
    const waiting = await solve(ours.unmet(undefined, 4));
    for (let count = 0; count < 4; count += 1)
      assert.equal(ours.unmet(await solve(ours.unmet(undefined, 4)), 4), undefined);
    assert.equal(ours.unmet(waiting, 4), undefined);
    assert.notEqual(ours.unmet(waiting, 4), undefined);
  });

  test('less work than is wanted now does not count', async () => {
    const ours = oatsChallenges(() => 0);
    const header = await solve(ours.unmet(undefined, 4));
    assert.notEqual(ours.unmet(header, 16), undefined);
  });
});

describe('what laptops report', () => {
  const request: OatsRequest = {
    ...{ serial: 'SHC12900018' as Serial, nonce: 'n', vhash: 'b'.repeat(64) as Sha256 },
    ...{ freeSpace: 1000, stream: 'stable' as StreamName, model: 'XO-1.5' },
  };
  /** A database that remembers what it was given. */
  const kept = (clock = () => Date.UTC(2026, 0, 1, 12)) => {
    const given: Report[] = [];
    const storeReports: Fleet['storeReports'] = async (reports) => {
      given.push(...reports);
      return { stored: reports.length, known: 0 };
    };
    const { log } = openLog({ level: 'silent' });
    const desk = { nameOf: async () => 'b2' as BuildName };
    const fleet = async () => ({ storeReports }) as unknown as Fleet;
    return { given, reports: oatsReports({ fleet, desk, clock, log }) };
  };

  test('is a report as devices make them', async () => {
    const { given, reports } = kept();
    reports.keep(request);
    await reports.close();
    const parsed = parseReports({ satchel: 'reports', format: 1, reports: given });
    assert.deepEqual(parsed, { reports: given, refused: 0 });
    const [report] = given;
    assert.ok(report?.event === 'state');
    assert.deepEqual([report.serial, report.running, report.disk.free], ['SHC12900018', 'b2', 1_024_000]);
  });

  test('is written once a day, and when it changes', async () => {
    let now = Date.UTC(2026, 0, 1, 12);
    const { given, reports } = kept(() => now);
    reports.keep(request);
    reports.keep({ ...request, freeSpace: 999 });
    reports.keep({ ...request, vhash: 'c'.repeat(64) as Sha256 });
    now += 86_400_000;
    reports.keep({ ...request, vhash: 'c'.repeat(64) as Sha256 });
    await reports.close();
    assert.deepEqual(new Set(given.map(({ id }) => id)).size, 3);
    assert.equal(given.length, 3);
  });

  test('is left to the laptop itself where it has a program that reports, and where it tells nothing', async () => {
    const { given, reports } = kept();
    reports.keep({ ...request, client: '0.1.0' });
    reports.keep({ serial: request.serial, nonce: 'n' });
    await reports.close();
    assert.deepEqual(given, []);
  });
});
