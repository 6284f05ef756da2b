import { recordTime } from '../base/fields.ts';
import type { Sha256, StreamName } from '../base/identifiers.ts';
import { type BuildRecord, recordFormat, type StreamRecord, withRules } from '../repository/records.ts';
import {
  afterReport,
  type DeviceHealth,
  isDue,
  isSilent,
  judge,
  type RolloutFigures,
  type SiteDay,
  type Verdict,
} from './rollout-health.ts';
import { dayOf, holidayTest } from './rollout-holidays.ts';
import { isSignatureBehind } from './rollout-milestones.ts';
import { makeRollout, type RolloutPlan, refreshRollout } from './rollout-plan.ts';
import {
  beginning,
  hour,
  newBuild,
  oldBuild,
  type VirtualReport,
  type VirtualSite,
} from './simulate-world.ts';

/** What is signed at one moment. */
export type Edition = { readonly record: StreamRecord; readonly issued: number };

/** The origin of a simulation: it counts, judges and signs as the real one does. */
export type VirtualOrigin = {
  /** What whoever asks now is given. */
  edition(): Edition;
  take(report: VirtualReport): void;
  /** One look, as `rollout watch` has it. */
  look(now: number): Verdict | undefined;
  figures(now: number): RolloutFigures;
};

/** An origin that has just begun a rollout. */
export function virtualOrigin(plan: RolloutPlan, sites: readonly VirtualSite[]): VirtualOrigin {
  const health = new Map<number, DeviceHealth>();
  const days = new Map<string, Map<string, SiteDay>>();
  const isHoliday = holidayTest(plan.free ?? { holidays: [], weekend: [] });
  const known = () => ({
    sites,
    devices: sites.flatMap(({ id, devices }) =>
      devices.map(({ number, serial }) => {
        const found = health.get(number);
        return { identity: serial, site: id, took: found !== undefined, well: found?.well === true };
      }),
    ),
  });
  const salt = '5a17c0de5a17c0de';
  const rollout = makeRollout(plan, { salt, began: beginning, fleet: known() });
  let edition: Edition = { record: withRules(plainRecord, { rollout }), issued: beginning };
  let isStale = false;

  const silentAfter = plan.automatic?.silentAfter ?? 3 * 86_400;
  const silentOnes = (now: number) => {
    let count = 0;
    for (const { id, devices } of sites) {
      const allTook = devices.every(({ number }) => (health.get(number)?.took ?? null) !== null);
      const place = { days: [...(days.get(id)?.values() ?? [])], allTook };
      for (const { number } of devices) {
        const found = health.get(number);
        if (found !== undefined && isSilent(found, place, { now, silentAfter, isHoliday })) count += 1;
      }
    }
    return count;
  };
  let silence = { day: '', count: 0 };
  const figures = (now: number): RolloutFigures => {
    // Silence is counted in days, so it changes with them.
    if (silence.day !== dayOf(now)) silence = { day: dayOf(now), count: silentOnes(now) };
    const counts = { tried: 0, took: 0, well: 0, failed: 0, left: 0, due: 0 };
    const rule = { now, silentAfter, isHoliday };
    for (const device of health.values()) {
      const { took, well, harm } = device;
      if (took !== null || harm !== null) counts.tried += 1;
      if (took !== null) counts.took += 1;
      if (isDue(device, rule)) counts.due += 1;
      if (well) counts.well += 1;
      if (harm !== null) counts.failed += 1;
      if (harm !== null && harm !== 'failed') counts.left += 1;
    }
    return { ...counts, silent: silence.count };
  };

  return {
    edition: () => edition,
    take({ device, ...report }) {
      const { id } = device.site;
      const date = dayOf(report.heard);
      const ofSite = days.get(id) ?? new Map<string, SiteDay>();
      days.set(id, ofSite.set(date, { date, devices: true, site: false }));
      const before = health.get(device.number);
      const after = afterReport(before, report, newBuild);
      if (after === undefined || after === before) return;
      health.set(device.number, after);
      isStale ||= after.well !== before?.well || before === undefined;
    },
    look(now) {
      const { record } = edition;
      const rules = record.rollout!;
      if (record.halted === undefined && plan.automatic !== undefined) {
        const verdict = judge(figures(now), plan.automatic);
        if (verdict !== undefined) {
          const halted = { reason: verdict.why, since: recordTime(now) };
          edition = { record: withRules(record, { halted }), issued: now };
          return verdict;
        }
      }
      // A few times a day is enough for those who wait, and working out who does takes long.
      if (isStale && plan.reserve !== undefined && now % (6 * hour) === 0) {
        isStale = false;
        edition = {
          record: withRules(record, { rollout: refreshRollout(rules, plan, known()) }),
          issued: now,
        };
      } else if (isSignatureBehind(rules, { issued: edition.issued, now }))
        edition = { ...edition, issued: now };
      return undefined;
    },
    figures,
  };
}

const none = { stored: '' as Sha256, length: 0, sha256: '' as Sha256, size: 0 };

/** Of the record of a build, only its name and its place matter to a decision. */
const build: BuildRecord = {
  ...{ satchel: 'build', format: recordFormat, name: newBuild, index: none, sequence: 2 },
  contents: { sha256: '' as Sha256, length: 0, type: 'opaque', hash: '' as Sha256 },
  tree: { entries: 0, files: 0, bytes: 0 },
  ...{ published: recordTime(beginning), waypoint: false, minimumClient: '', notes: '' },
};

const plainRecord: StreamRecord = {
  ...{ satchel: 'stream', format: recordFormat, stream: 'sim' as StreamName },
  ...{ previous: [oldBuild], keepDeltas: 0, build },
  deltas: {
    ...{ satchel: 'deltas', format: recordFormat, build: newBuild, map: none },
    ...{ everything: 0, costs: [], deltas: [] },
  },
};
