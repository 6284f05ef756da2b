import type { Clock } from '../base/clock.ts';
import { type BuildName, isBuildName } from '../base/identifiers.ts';
import { laptopTime, type Serial } from '../lease/laptop.ts';
import type { LeaseAnswer, LeaseOffice } from '../lease/office.ts';
import type { Delegation } from '../lease/records.ts';
import type { Store } from '../store/store.ts';
import { makeOatsAnswer, type OatsUpdate } from './oats-answer.ts';
import type { OatsRequest } from './oats-request.ts';
import type { OatsSettings } from './oats-settings.ts';
import { oatsSign, oatsSignThrough } from './oats-sign.ts';
import { advisedRepository, adviseFromStreams } from './oats-streams.ts';
import { keepOatsTools, type OatsTools } from './oats-tools.ts';
import { chooseUpdate } from './updates-cfg-choose.ts';

/** Who answers the questions of laptops at a place. */
export type OatsDesk = {
  /** How; undefined where nobody set it up. */
  settings(): OatsSettings | undefined;
  /**
   * The body of an answer; undefined where nobody set it up. Throws what opening the key and signing throw, and
   * `lease-delegation-missing`. What is wrong with advice or with leases leaves them out and is told elsewhere.
   */
  answer(request: OatsRequest, options?: { readonly signal?: AbortSignal }): Promise<Buffer | undefined>;
  /** What the build with this contents hash is called here; undefined for one that is not known. */
  nameOf(vhash: string): Promise<BuildName | undefined>;
  close(): Promise<void>;
};

export type OatsDeskOptions = {
  /** Path of the repository: the settings lie beside it. */
  readonly repository: string;
  readonly store: Store;
  readonly clock: Clock;
  /** Who has leases and knows what is stolen. */
  readonly office: Pick<LeaseOffice, 'leaseFor'>;
  /** Delegations that the place holds, where it signs through them unless a file of others is named: a site. */
  readonly delegation?: ((serial: Serial) => Delegation | undefined) | undefined;
  readonly onFailure: (error: unknown) => void;
};

/** Opens the desk of a place; nothing is read yet. */
export function openOatsDesk(options: OatsDeskOptions): OatsDesk {
  const { repository, store, clock, office, onFailure } = options;
  const kept = keepOatsTools(repository, onFailure);
  const advised = advisedRepository(store, onFailure);

  const leaseOf = (serial: Serial, signal: AbortSignal | undefined): Promise<LeaseAnswer> =>
    office.leaseFor(serial, { signal }).catch((error: unknown) => {
      onFailure(error);
      return { kind: 'none' };
    });
  const adviceFor = async (request: OatsRequest, tools: OatsTools): Promise<OatsUpdate | undefined> => {
    const { settings, updates } = tools;
    try {
      if (updates !== undefined) return adviseFromFile(request, { ...settings, updates, now: clock() });
      if (request.stream === 'none') return undefined;
      return adviseFromStreams(await advised(), request, { ...settings, now: clock() });
    } catch (error) {
      onFailure(error);
      return undefined;
    }
  };
  const signOf = async (serial: Serial, { signer, delegation }: OatsTools) => {
    const find = delegation ?? options.delegation;
    return find === undefined
      ? oatsSign(signer)
      : oatsSignThrough(signer, { serial, delegation: await find(serial) });
  };

  const answerWith = async (tools: OatsTools, request: OatsRequest, signal: AbortSignal | undefined) => {
    const { serial, nonce } = request;
    const lease = await leaseOf(serial, signal);
    const update = lease.kind === 'stolen' ? undefined : await adviceFor(request, tools);
    const sign = await signOf(serial, tools);
    const answer = {
      nonce,
      time: laptopTime(clock()),
      ...(lease.kind === 'lease' && { lease: lease.lines }),
      ...(lease.kind === 'stolen' && { stolen: true as const }),
      ...(update && { update }),
    };
    return await makeOatsAnswer(answer, sign, tools.settings.names);
  };
  const nameInFile = async (vhash: string) =>
    await kept
      .use(async ({ updates }) => updates?.().find(({ hash }) => hash === vhash)?.name)
      .catch(() => undefined);

  return {
    settings: kept.settings,
    answer: (request, { signal } = {}) => kept.use((tools) => answerWith(tools, request, signal)),
    async nameOf(vhash) {
      const listed = await nameInFile(vhash);
      if (listed !== undefined && isBuildName(listed)) return listed;
      const repository = await advised().catch(() => undefined);
      return repository?.buildOf(vhash)?.name;
    },
    close: kept.close,
  };
}

type FileAdvice = Pick<OatsSettings, 'stream' | 'updatePath'> & {
  readonly updates: NonNullable<OatsTools['updates']>;
  readonly now: number;
};

function adviseFromFile(request: OatsRequest, advice: FileAdvice): OatsUpdate | undefined {
  const { serial, vhash, stream = advice.stream, model } = request;
  const entry = chooseUpdate(advice.updates(), { serial, vhash, stream, model }, advice.now);
  if (entry === undefined) return undefined;
  const { hash, name, priority, updatePath = advice.updatePath.replaceAll('{name}', name) } = entry;
  return { hash, name, priority, updatePath };
}
