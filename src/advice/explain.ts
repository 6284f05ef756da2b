import type { MessageCode, MessageParameters } from '../base/catalogue.ts';
import { recordTime } from '../base/fields.ts';
import type { StreamRecord } from '../repository/records.ts';
import { type AskingDevice, type Decision, type DecisionTimes, decide } from './decide.ts';
import { notUnderstood } from './next-build.ts';

/** A sentence of the catalogue, to be said in the language of who reads it. */
export type Sentence = { readonly code: MessageCode; readonly parameters: MessageParameters };

/** In words why a device gets what it gets by a stream's record: what it runs, the decision, and when its turn comes. */
export function explainDecision(
  record: StreamRecord,
  device: AskingDevice,
  times: DecisionTimes,
): Sentence[] {
  const decision = decide(record, device, times);
  const { running } = device;
  const known = { stream: record.stream, head: record.build.name };
  const isLast = device.identity === undefined && decision.bucket !== undefined;
  return [
    running === undefined
      ? { code: 'decision-running-nothing', parameters: known }
      : { code: 'decision-running', parameters: { ...known, running: running.build } },
    ...(isLast ? [{ code: 'decision-unknown-device', parameters: {} } as const] : []),
    decisionSentence(record, decision, { device, times }),
    ...nextSentence(decision),
  ];
}

/** A decision in one sentence. */
export function decisionSentence(
  record: StreamRecord,
  decision: Decision,
  { device, times }: { readonly device: AskingDevice; readonly times: DecisionTimes },
): Sentence {
  const { build, halted, rollout, back } = record;
  const running = device.running?.build ?? '—';
  const common = {
    running,
    head: build.name,
    wanted: notUnderstood(record, device).minimumClient,
    client: device.client,
    share: percent(decision.share),
    place: percent(decision.bucket),
    reason: '—',
    since: rollout?.paused?.since ?? '—',
  };
  if (decision.decision === 'take') {
    const led = back === undefined ? {} : { since: back.since, reason: back.reason || '—' };
    const parameters = { ...common, ...led, build: decision.build };
    return { code: `decision-take-${decision.because}`, parameters };
  }
  const reason = decision.reason ?? '—';
  switch (decision.because) {
    case 'halted': {
      const code = device.running === undefined ? 'decision-stay-halted-first' : 'decision-stay-halted';
      return { code, parameters: { ...common, since: halted?.since ?? '—', reason } };
    }
    case 'not-before':
      return { code: 'decision-stay-not-before', parameters: { ...common, from: rollout?.notBefore ?? '—' } };
    case 'quiet':
      return {
        code: 'decision-stay-quiet',
        parameters: { ...common, to: quietUntil(record, times), reason },
      };
    case 'reserved': {
      if (rollout?.paused !== undefined)
        return { code: 'decision-stay-reserved-paused', parameters: { ...common, reason } };
      const until = Date.parse(rollout?.began ?? '') + (rollout?.reserved?.until ?? 0) * 1000;
      return { code: 'decision-stay-reserved', parameters: { ...common, until: recordTime(until) } };
    }
    case 'client-too-old': {
      const head = notUnderstood(record, device).build;
      return { code: 'decision-stay-client-too-old', parameters: { ...common, head } };
    }
    default:
      return { code: `decision-stay-${decision.because}`, parameters: { ...common, reason } };
  }
}

function nextSentence(decision: Decision): Sentence[] {
  if (decision.decision === 'take') return [];
  if (decision.next !== undefined)
    return [{ code: 'decision-next', parameters: { next: recordTime(decision.next) } }];
  return decision.because === 'share' ? [{ code: 'decision-no-next', parameters: {} }] : [];
}

/** The end of the quiet time that a device is in. */
function quietUntil({ rollout }: StreamRecord, { issued, now }: DecisionTimes): string {
  const isIn = ({ from, to }: { from: string; to: string }, moment: number) =>
    moment >= Date.parse(from) && moment < Date.parse(to);
  return rollout?.quiet?.find((time) => isIn(time, issued) || isIn(time, now))?.to ?? '—';
}

/** Of 10000, as a percentage. */
function percent(share: number | undefined): string {
  return share === undefined ? '—' : String(share / 100);
}
