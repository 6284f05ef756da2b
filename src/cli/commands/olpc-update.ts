import { SatchelError } from '../../base/errors.ts';
import { programVersion } from '../../base/version.ts';
import { deviceLayout } from '../../device/layout.ts';
import {
  placeOfAddresses,
  placeOfBuild,
  type ServerAddress,
  serverAddress,
} from '../../rsync/client-address.ts';
import { rsyncChangelog } from '../../rsync/client-changelog.ts';
import { listServer } from '../../rsync/client-list.ts';
import { defineCommand, type Parser } from '../command.ts';
import { type OlpcCall, type OlpcTask, olpcTask, rootOf, serverOf } from '../olpc-call.ts';
import { type OlpcResult, olpcLines } from '../olpc-lines.ts';
import { reboot } from '../olpc-reboot.ts';
import { updateFromPlace, updateFromServer } from '../olpc-rsync.ts';
import { changelogInRepository, listRepository, updateFromRepository } from '../olpc-satchel.ts';
import { updateFromMedium } from '../olpc-usb.ts';
import { flag, restArguments, value } from '../option-kinds.ts';
import { localPath, patience, text } from '../options.ts';

const server: Parser<ServerAddress> = (given, label) => {
  const address = serverAddress(given);
  if (address === undefined)
    throw new SatchelError('server-not-understood', { value: given.slice(0, 200), option: label });
  return address;
};

/** `satchel olpc-update`, also installed as `olpc-update`: the command of the laptops, for servers of both kinds. */
export const olpcUpdateCommand = defineCommand({
  arguments: { words: restArguments('argument-olpc-update', 'ID', text) },
  options: {
    reboot: flag('option-olpc-reboot', { short: 'r' }),
    server: value('option-olpc-server', 'SERVER', server, { short: 's', environment: 'SATCHEL_SOURCE' }),
    url: flag('option-olpc-url', { short: 'u' }),
    listTargets: flag('option-olpc-list', { short: 'l' }),
    changelog: flag('option-olpc-changelog', { short: 'c' }),
    usb: flag('option-olpc-usb'),
    force: flag('option-olpc-force', { short: 'f' }),
    verbose: flag('option-olpc-verbose', { short: 'v' }),
    hints: value('option-olpc-hints', 'FILE', localPath),
    root: value('option-olpc-root', 'DIR', localPath, { environment: 'SATCHEL_ROOT' }),
    timeout: value('option-olpc-timeout', 'TIME', patience, { environment: 'SATCHEL_TIMEOUT' }),
    version: flag('option-olpc-version'),
  },
  run: (call) => perform(call, olpcTask(call)),
  show: olpcLines,
});

async function perform(call: OlpcCall, task: OlpcTask): Promise<OlpcResult> {
  switch (task.kind) {
    case 'version':
      return { satchel: programVersion };
    case 'list':
      return list(call, serverOf(call));
    case 'changelog':
      return changelog(call, serverOf(call), task);
    default: {
      const result = await update(call, task);
      const rebooting = call.options.reboot && result.rebootNeeded;
      if (rebooting) await reboot();
      return { ...result, rebooting };
    }
  }
}

function update(call: OlpcCall, task: Extract<OlpcTask, { kind: 'update' | 'addresses' | 'usb' }>) {
  if (task.kind === 'usb') return updateFromMedium(call, task);
  if (task.kind === 'addresses')
    return updateFromPlace(call, placeOfAddresses(task.contents, task.tree), task.build);
  const { kind, url } = serverOf(call);
  return kind === 'satchel'
    ? updateFromRepository(call, url, task.build)
    : updateFromServer(call, url, task.build);
}

async function list(call: OlpcCall, { kind, url }: ServerAddress): Promise<OlpcResult> {
  if (kind === 'rsync') {
    const { options, signal } = call;
    return { server: url, builds: await listServer(url, { patience: options.timeout, signal }) };
  }
  const records = await listRepository(call, url);
  return { server: url, builds: records.map(({ name, notes }) => ({ name, comment: firstLine(notes) })) };
}

async function changelog(
  call: OlpcCall,
  { kind, url }: ServerAddress,
  { build }: Extract<OlpcTask, { kind: 'changelog' }>,
): Promise<OlpcResult> {
  const { options, reporter, signal } = call;
  if (kind === 'satchel') return { server: url, build, ...(await changelogInRepository(call, url, build)) };
  const layout = deviceLayout(rootOf(options));
  const open = { patience: options.timeout, reporter, signal };
  return { server: url, build, ...(await rsyncChangelog(placeOfBuild(url, build), layout, open)) };
}

function firstLine(notes: string): string {
  return notes.split('\n')[0] ?? '';
}
