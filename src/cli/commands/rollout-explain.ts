import { decide } from '../../advice/decide.ts';
import type { AskingDevice, DecisionTimes } from '../../advice/decision.ts';
import { explainDecision } from '../../advice/explain.ts';
import { SatchelError } from '../../base/errors.ts';
import { type BuildName, isBuildName, type StreamName, streamName } from '../../base/identifiers.ts';
import { programVersion } from '../../base/version.ts';
import { heldAdvice } from '../../device/held-advice.ts';
import { deviceLayout } from '../../device/layout.ts';
import { chooseWanted } from '../../device/session.ts';
import { type Catalog, openCatalog } from '../../repository/catalog.ts';
import type { StreamRecord } from '../../repository/records.ts';
import { defineCommand } from '../command.ts';
import { optionalArgument, value } from '../option-kinds.ts';
import { localPath, text } from '../options.ts';
import { openRepository } from '../repository-context.ts';
import { withFleetIfThere } from '../rollout-context.ts';
import { build, siteRepo, stream } from '../shared-options.ts';

/** What a decision follows from, and where it was looked up. */
type Asked = {
  readonly record: StreamRecord;
  readonly device: AskingDevice;
  readonly times: DecisionTimes;
};

/** `satchel rollout explain`: in words why a device gets what it gets; at an origin, at a site or on the device. */
export const rolloutExplainCommand = defineCommand({
  arguments: { serial: optionalArgument('argument-rollout-serial', 'SERIAL', text) },
  options: {
    repo: siteRepo,
    stream: value('option-explain-stream', 'STREAM', stream),
    running: value('option-explain-running', 'BUILD', build),
    model: value('option-explain-model', 'MODEL', text),
    root: value('option-explain-root', 'DIR', localPath, { environment: 'SATCHEL_ROOT' }),
  },
  async run(call) {
    const { serial } = call.arguments;
    const { root } = call.options;
    if (serial === undefined && root === undefined) throw new SatchelError('rollout-explain-whom');
    const asked =
      serial === undefined ? onDevice(root!, call.options.stream, call) : await atPlace(call, serial);
    const { record, device, times } = asked;
    return {
      serial: device.identity ?? null,
      model: device.model ?? null,
      client: device.client,
      running: device.running?.build ?? null,
      stream: record.stream,
      decision: decide(record, device, times),
      words: explainDecision(record, device, times),
    };
  },
  show: ({ serial, model, client, words: sentences }, words) => [
    words.say('result-explain-device', { serial: serial ?? '—', model: model ?? '—', client }),
    ...sentences.map(({ code, parameters }) => words.say(code, parameters)),
  ],
});

/** By what the device trusts already. Throws `rollout-explain-unasked`, `updates-switched-off`. */
function onDevice(
  root: string,
  stream: StreamName | undefined,
  { clock }: { readonly clock: () => number },
): Asked {
  const layout = deviceLayout(root);
  const choice = chooseWanted(layout, { stream });
  const wanted = 'stream' in choice ? choice.stream : streamName('stable');
  const held = heldAdvice(layout, wanted, clock);
  if (held === undefined) throw new SatchelError('rollout-explain-unasked', { stream: wanted, root });
  return held;
}

type PlaceCall = Parameters<typeof openRepository>[0] & {
  readonly options: {
    readonly repo: string;
    readonly stream?: StreamName | undefined;
    readonly running?: BuildName | undefined;
    readonly model?: string | undefined;
  };
};

/** By what the device last told here, and what is signed here. Throws `rollout-device-unknown`, `stream-not-found`. */
async function atPlace(call: PlaceCall, serial: string): Promise<Asked> {
  const { clock, options } = call;
  const catalog = await openCatalog(openRepository(call).store, call.signal);
  const [known] = await withFleetIfThere(call, async (fleet) => (await fleet?.findDevices(serial)) ?? []);
  if (known === undefined && options.running === undefined)
    throw new SatchelError('rollout-device-unknown', { serial });
  const followed = known?.stream ?? 'stable';
  const running = options.running ?? known?.running ?? undefined;
  const model = options.model ?? known?.model ?? undefined;
  const issued = catalog.metadata.timestamp.signed.issued ?? 0;
  return {
    record: await catalog.stream(options.stream ?? streamName(followed)),
    device: {
      identity: known === undefined ? serial : (known.serial ?? known.id),
      ...(model === undefined ? {} : { model }),
      ...(running === undefined ? {} : { running: await runningBuild(catalog, running) }),
      client: known?.client ?? programVersion,
    },
    times: { issued, now: Math.max(clock(), issued) },
  };
}

async function runningBuild(catalog: Catalog, name: string): Promise<NonNullable<AskingDevice['running']>> {
  const build = name as BuildName;
  if (!isBuildName(name) || !catalog.hasBuild(name)) return { build };
  return { build, sequence: (await catalog.build(name)).sequence };
}
