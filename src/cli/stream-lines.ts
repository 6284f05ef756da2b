import type { StreamRecord } from '../repository/records.ts';
import type { Words } from './command.ts';
import { haltWords } from './staying-lines.ts';

/** What a stream stands for, as commands report it. */
export type StreamSummary = ReturnType<typeof streamSummary>;

export function streamSummary(record: StreamRecord) {
  const { stream, build, previous, keepDeltas, halted, waypoints = [] } = record;
  return {
    stream,
    build: build.name,
    published: build.published,
    previous,
    keepDeltas,
    waypoints: waypoints.map((waypoint) => waypoint.build),
    halted: halted ?? null,
    rollout: record.rollout ?? null,
    back: record.back ?? null,
  };
}

/** The same for people. */
export function streamLines(summary: StreamSummary, words: Words): string[] {
  const { stream, build, published, previous, waypoints, halted, rollout, back } = summary;
  return [
    words.say('result-stream-head', { stream, build, published }),
    ...(previous.length > 0 ? [words.say('result-stream-before', { builds: previous.join(', ') })] : []),
    ...(waypoints.length > 0 ? [words.say('result-stream-waypoints', { builds: waypoints.join(', ') })] : []),
    ...(halted === null ? [] : [words.say('result-stream-halt', haltWords(halted, words))]),
    ...(rollout === null ? [] : [words.say('result-stream-rollout', { stream, began: rollout.began })]),
    ...(back === null ? [] : [words.say('result-stream-back', haltWords(back, words))]),
  ];
}
