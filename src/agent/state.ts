import { isDeepStrictEqual } from 'node:util';
import type { OatsUpdate } from '../advice/oats-answer.ts';
import { isSatchelError } from '../base/errors.ts';
import { type BuildName, isBuildName, isSha256 } from '../base/identifiers.ts';
import { type Fields, isCount, readStateFile, writeStateFile } from '../device/state-file.ts';
import { type AgentLayout, makeAgentFolder } from './layout.ts';
import type { Moment } from './moment.ts';
import type { StolenWord, StolenWords } from './stolen-word.ts';

/** What the agent remembers between two runs. */
export type AgentState = {
  readonly success?: Moment | undefined;
  readonly attempt?: Moment | undefined;
  readonly failures: number;
  /** From 0 to below 1; undefined before the first run. */
  readonly draw?: number | undefined;
  /** Code of the sentence of the last failure. */
  readonly failure?: string | undefined;
  readonly stolen: StolenWords;
  /** A build that the device is to take, and why it does so later. */
  readonly later?:
    | { readonly build: BuildName; readonly because: string; readonly since: string }
    | undefined;
  /** A build that is on the device and waits for the switch. */
  readonly ready?: { readonly build: BuildName } | undefined;
  /** Advice of a theft-deterrence server that waits to be followed. */
  readonly advice?: OatsUpdate | undefined;
  /** Homes whose activities wait for a moment at which content may be fetched. */
  readonly homes?: readonly string[] | undefined;
  /** What the person was told, by code, and on which day: `2026-03-02`. */
  readonly told: Readonly<Record<string, string>>;
};

const format = 1;

/** Before the first run. */
export const noState: AgentState = { failures: 0, stolen: {}, told: {} };

/** What is remembered. A damaged file counts as none: it is better to ask once too often than never again. */
export function readAgentState({ state }: AgentLayout): AgentState {
  try {
    return readStateFile(state, format, parse) ?? noState;
  } catch (error) {
    if (isSatchelError(error, 'device-file-damaged')) return noState;
    throw error;
  }
}

/** Replaces what is remembered; what stays as it was costs the disk nothing. */
export function writeAgentState(layout: AgentLayout, state: AgentState): void {
  if (isDeepStrictEqual(plain(readAgentState(layout)), plain(state))) return;
  makeAgentFolder(layout);
  writeStateFile(layout.state, format, state);
}

/** Without what is undefined, as the file has it. */
function plain(state: AgentState): unknown {
  return JSON.parse(JSON.stringify(state));
}

function parse(fields: Fields): AgentState | undefined {
  const { failures, draw, failure, told } = fields;
  if (!isCount(failures)) return undefined;
  return {
    failures,
    success: moment(fields.success),
    attempt: moment(fields.attempt),
    draw: typeof draw === 'number' && draw >= 0 && draw < 1 ? draw : undefined,
    failure: typeof failure === 'string' ? failure : undefined,
    stolen: words(fields.stolen),
    later: laterIn(fields.later),
    ready: readyIn(fields.ready),
    advice: adviceIn(fields.advice),
    homes: homesIn(fields.homes),
    told: textsIn(told),
  };
}

function moment(value: unknown): Moment | undefined {
  const { wall, isClockRight, boot, uptime } = object(value);
  if (typeof wall !== 'number' || typeof uptime !== 'number' || typeof boot !== 'string') return undefined;
  return { wall, isClockRight: isClockRight === true, boot, uptime };
}

function words(value: unknown): StolenWords {
  const { list, server } = object(value);
  return { list: word(list), server: word(server) };
}

function word(value: unknown): StolenWord | undefined {
  const { stolen, at } = object(value);
  return typeof stolen === 'boolean' && typeof at === 'number' ? { stolen, at } : undefined;
}

function laterIn(value: unknown): AgentState['later'] {
  const { build, because, since } = object(value);
  if (typeof build !== 'string' || !isBuildName(build)) return undefined;
  return typeof because === 'string' && typeof since === 'string' ? { build, because, since } : undefined;
}

function readyIn(value: unknown): AgentState['ready'] {
  const { build } = object(value);
  if (typeof build !== 'string' || !isBuildName(build)) return undefined;
  return { build };
}

function adviceIn(value: unknown): OatsUpdate | undefined {
  const { hash, name, priority, updatePath } = object(value);
  if (typeof hash !== 'string' || !isSha256(hash) || typeof name !== 'string' || !isBuildName(name))
    return undefined;
  if (priority !== 'low' && priority !== 'normal' && priority !== 'high') return undefined;
  return { hash, name, priority, ...(typeof updatePath === 'string' ? { updatePath } : {}) };
}

function homesIn(value: unknown): AgentState['homes'] {
  const isText = (one: unknown): one is string => typeof one === 'string';
  return Array.isArray(value) && value.length > 0 && value.every(isText) ? value : undefined;
}

function textsIn(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(object(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function object(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
