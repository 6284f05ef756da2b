/** Every sentence that a person reads, by stable code, in every language; one file a part of the system. */
import { activitiesMessages } from './catalogue/activities.ts';
import { activitiesCommandsMessages } from './catalogue/activities-commands.ts';
import { activitiesDeviceMessages } from './catalogue/activities-device.ts';
import { activitiesServerMessages } from './catalogue/activities-server.ts';
import { adviceMessages } from './catalogue/advice.ts';
import { agentMessages } from './catalogue/agent.ts';
import { agentCommandsMessages } from './catalogue/agent-commands.ts';
import { baseMessages } from './catalogue/base.ts';
import { bootMessages } from './catalogue/boot.ts';
import { bootCommandsMessages } from './catalogue/boot-commands.ts';
import { bootStageMessages } from './catalogue/boot-stage.ts';
import { buildMessages } from './catalogue/build.ts';
import { cliMessages } from './catalogue/cli.ts';
import { deltaMessages } from './catalogue/delta.ts';
import { deviceMessages } from './catalogue/device.ts';
import { deviceApiMessages } from './catalogue/device-api.ts';
import { discoveryMessages } from './catalogue/discovery.ts';
import { fleetMessages } from './catalogue/fleet.ts';
import { fleetResultsMessages } from './catalogue/fleet-results.ts';
import { formatsMessages } from './catalogue/formats.ts';
import { leaseMessages } from './catalogue/lease.ts';
import { leaseCommandsMessages } from './catalogue/lease-commands.ts';
import { leaseOfficeMessages } from './catalogue/lease-office.ts';
import { liteMessages } from './catalogue/lite.ts';
import { localMessages } from './catalogue/local.ts';
import { localResultsMessages } from './catalogue/local-results.ts';
import { oatsMessages } from './catalogue/oats.ts';
import { oatsCommandsMessages } from './catalogue/oats-commands.ts';
import { olpcCommandsMessages } from './catalogue/olpc-commands.ts';
import { osMessages } from './catalogue/os.ts';
import { packMessages } from './catalogue/pack.ts';
import { planMessages } from './catalogue/plan.ts';
import { repositoryMessages } from './catalogue/repository.ts';
import { resultsMessages } from './catalogue/results.ts';
import { rolloutMessages } from './catalogue/rollout.ts';
import { rolloutDeviceMessages } from './catalogue/rollout-device.ts';
import { rolloutResultsMessages } from './catalogue/rollout-results.ts';
import { rsyncClientMessages } from './catalogue/rsync-client.ts';
import { rsyncDaemonMessages } from './catalogue/rsync-daemon.ts';
import { rsyncDropMessages } from './catalogue/rsync-drop.ts';
import { rsyncTreesMessages } from './catalogue/rsync-trees.ts';
import { rsyncUpstreamMessages } from './catalogue/rsync-upstream.ts';
import { sealMessages } from './catalogue/seal.ts';
import { sealResultsMessages } from './catalogue/seal-results.ts';
import { serverMessages } from './catalogue/server.ts';
import { signerMessages } from './catalogue/signer.ts';
import { siteLinkMessages } from './catalogue/site-link.ts';
import { siteLinkResultsMessages } from './catalogue/site-link-results.ts';
import { siteMirrorMessages } from './catalogue/site-mirror.ts';
import { siteMirrorResultsMessages } from './catalogue/site-mirror-results.ts';
import { sitePullMessages } from './catalogue/site-pull.ts';
import { siteServerMessages } from './catalogue/site-server.ts';
import { stickMessages } from './catalogue/stick.ts';
import { stickResultsMessages } from './catalogue/stick-results.ts';
import { storeMessages } from './catalogue/store.ts';
import { trialMessages } from './catalogue/trial.ts';
import { trialResultsMessages } from './catalogue/trial-results.ts';
import { trustMessages } from './catalogue/trust.ts';
import type { Message, Wording } from './message.ts';

/** Languages that every sentence is kept in. */
export type Language = 'en' | 'es';

/** Values for the `{name}` places of a sentence. */
export type MessageParameters = Readonly<Record<string, string | number>>;

const all = {
  ...baseMessages,
  ...osMessages,
  ...formatsMessages,
  ...buildMessages,
  ...storeMessages,
  ...packMessages,
  ...deltaMessages,
  ...trustMessages,
  ...repositoryMessages,
  ...liteMessages,
  ...planMessages,
  ...leaseMessages,
  ...leaseOfficeMessages,
  ...signerMessages,
  ...activitiesMessages,
  ...activitiesCommandsMessages,
  ...activitiesDeviceMessages,
  ...activitiesServerMessages,
  ...adviceMessages,
  ...rolloutMessages,
  ...rolloutResultsMessages,
  ...rolloutDeviceMessages,
  ...oatsMessages,
  ...deviceMessages,
  ...bootMessages,
  ...localMessages,
  ...localResultsMessages,
  ...bootStageMessages,
  ...trialMessages,
  ...trialResultsMessages,
  ...deviceApiMessages,
  ...sealMessages,
  ...sealResultsMessages,
  ...discoveryMessages,
  ...agentMessages,
  ...rsyncTreesMessages,
  ...rsyncDaemonMessages,
  ...rsyncUpstreamMessages,
  ...rsyncDropMessages,
  ...rsyncClientMessages,
  ...sitePullMessages,
  ...siteMirrorMessages,
  ...siteMirrorResultsMessages,
  ...siteLinkMessages,
  ...siteLinkResultsMessages,
  ...fleetMessages,
  ...fleetResultsMessages,
  ...stickMessages,
  ...stickResultsMessages,
  ...serverMessages,
  ...siteServerMessages,
  ...cliMessages,
  ...resultsMessages,
  ...olpcCommandsMessages,
  ...agentCommandsMessages,
  ...bootCommandsMessages,
  ...leaseCommandsMessages,
  ...oatsCommandsMessages,
};

/** The stable code of a sentence. */
export type MessageCode = keyof typeof all;

/** All messages by code. */
export const messages: Readonly<Record<MessageCode, Message>> = all;

/** The language of the person at the terminal: `SATCHEL_LANG`, else the usual locale variables, else English. */
export function languageFromEnvironment(environment: NodeJS.ProcessEnv = process.env): Language {
  const locale =
    environment.SATCHEL_LANG || environment.LC_ALL || environment.LC_MESSAGES || environment.LANG || '';
  return locale.toLowerCase().startsWith('es') ? 'es' : 'en';
}

/** Longest value that a sentence quotes. */
const longestValue = 1000;

/**
 * A value as a terminal may show it. What servers and archives say can hold codes that clear the screen, turn
 * the direction of writing, or begin a line of their own. What joins the letters of Persian and of scripts of India stays.
 */
function printable(value: string): string {
  const short = value.length > longestValue ? `${value.slice(0, longestValue)}…` : value;
  return short.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character, place: number) => {
    if (isJoiner(character) && joinsHere.test(short.slice(Math.max(0, place - 2), place))) return character;
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

function isJoiner(character: string): boolean {
  return character === '\u200c' || character === '\u200d';
}

/** A letter, or a mark on one, of a script in which joiners are part of the spelling; elsewhere they only hide. */
const joinsHere = /[[\p{L}\p{M}]--[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Zinh}]]$/v;

/** The sentence and hint of a message with its parameters filled in. */
export function say(code: MessageCode, parameters: MessageParameters, language: Language): Wording {
  const wording = messages[code][language];
  const fill = (template: string) =>
    template.replace(/\{(\w+)\}/g, (place, name: string) => printable(String(parameters[name] ?? place)));
  return wording.hint === undefined
    ? { text: fill(wording.text) }
    : { text: fill(wording.text), hint: fill(wording.hint) };
}
