import { join } from 'node:path';
import type { AskingDevice, Decision, DecisionTimes } from '../advice/decision.ts';
import { decisionSentence, type Sentence } from '../advice/explain.ts';
import type { Clock } from '../base/clock.ts';
import { isSatchelError } from '../base/errors.ts';
import type { StreamName } from '../base/identifiers.ts';
import { streamTarget } from '../repository/layout.ts';
import { parseStreamRecord, type StreamRecord } from '../repository/records.ts';
import { memoryStore } from '../store/memory.ts';
import { openTrustClient } from '../trust/client.ts';
import { cachedTarget } from '../trust/target-cache.ts';
import { decideHere } from './asking.ts';
import type { DeviceLayout } from './layout.ts';

/** What a stream gives a device by what the device trusts already, with everything that it follows from. */
export type HeldAdvice = {
  readonly decision: Decision;
  readonly why: Sentence;
  readonly record: StreamRecord;
  readonly device: AskingDevice;
  readonly times: DecisionTimes;
};

/**
 * What the rules of a stream give this device, as of the last time that it asked; nobody is asked now. Undefined where
 * it has not asked for this stream yet, or where what it has may not be used any more.
 */
export function heldAdvice(layout: DeviceLayout, stream: StreamName, clock: Clock): HeldAdvice | undefined {
  try {
    // Everything is on the disk: nothing is read from a source.
    const client = openTrustClient({ directory: layout.trust, store: memoryStore(), clock });
    const { issued = 0, now } = client.judge();
    const info = client.targetInfo(streamTarget(stream));
    const bytes = info && cachedTarget(join(layout.trust, 'targets'), info);
    if (bytes === undefined) return undefined;
    const { record } = parseStreamRecord(bytes, streamTarget(stream));
    const times = { issued, now };
    const { device, decision } = decideHere(layout, record, times);
    return { decision, why: decisionSentence(record, decision, { device, times }), record, device, times };
  } catch (error) {
    if (isSatchelError(error)) return undefined;
    throw error;
  }
}
