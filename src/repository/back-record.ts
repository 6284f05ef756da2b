import { Fields } from '../base/fields.ts';
import { type BuildName, type StreamName, streamName } from '../base/identifiers.ts';
import { recordFormat } from './records.ts';
import { becauseSince } from './rollout-record.ts';

/**
 * `builds/_back.<stream>.json`: that devices which follow a stream may go back along it, signed by the role that
 * signs builds. The online keys alone cannot bring an old hole back. No build has such a name: they begin with a
 * letter or digit.
 */
export type BackPermit = {
  readonly satchel: 'back';
  readonly format: number;
  readonly stream: StreamName;
  /** Place in the order of publications of the head that is left: devices that run nothing later may go back. */
  readonly from: number;
  readonly to: {
    readonly build: BuildName;
    /** Its place: a name that was freed may stand for another build by now. */
    readonly sequence: number;
  };
  readonly reason: string;
  /** UTC. */
  readonly since: string;
};

/** The target path of the permit of a stream. */
export const backTarget = (stream: StreamName): string => `builds/_back.${stream}.json`;

/** Reads a permit. Throws `record-invalid`, `record-newer`. */
export function parseBackPermit(bytes: Uint8Array, what: string): BackPermit {
  const fields = Fields.parse(bytes, what);
  fields.expectFormat('back', recordFormat);
  const to = fields.record('to');
  return {
    satchel: 'back',
    format: recordFormat,
    stream: streamName(fields.text('stream')),
    from: fields.count('from'),
    to: { build: to.buildName('build'), sequence: to.count('sequence') },
    ...becauseSince(fields),
  };
}

/** True when a permit lets a device that runs the build at `running` take the head at `head`. */
export function permitsBack(
  { stream, from, to }: BackPermit,
  asked: {
    readonly stream: StreamName;
    readonly running: number;
    readonly head: { readonly name: BuildName; readonly sequence: number };
  },
): boolean {
  const isThere = to.build === asked.head.name && to.sequence === asked.head.sequence;
  return stream === asked.stream && isThere && asked.running <= from;
}
