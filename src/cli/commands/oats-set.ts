import {
  defaultOatsSettings,
  mostHashcashWanted,
  type OatsSettings,
  readOatsSettings,
  withOatsNames,
  writeOatsSettings,
} from '../../advice/oats-settings.ts';
import { openOatsTools, readUpdatesFile } from '../../advice/oats-tools.ts';
import { SatchelError } from '../../base/errors.ts';
import { rsaKeyId } from '../../formats/signature-line.ts';
import { readDelegations } from '../../lease/delegations.ts';
import { isSite } from '../../site/layout.ts';
import { requireRepository } from '../../trust/metadata-store.ts';
import { defineCommand, type Parser } from '../command.ts';
import { signerReference } from '../lease-values.ts';
import { oatsLines } from '../oats-lines.ts';
import { oatsField } from '../oats-values.ts';
import { repeated, value } from '../option-kinds.ts';
import { localPath } from '../options.ts';
import { requireSiteKey } from '../origin-key.ts';
import { openRepository } from '../repository-context.ts';
import { siteRepo, stream } from '../shared-options.ts';

/** A file, or `none`, which takes the setting away. */
const fileOrNone: Parser<string | null> = (given, label) =>
  given === 'none' ? null : localPath(given, label);

/** Bits of work, or `none`. */
const bits: Parser<number> = (given, label) => {
  const number = given === 'none' ? 0 : Number(given);
  if (/^\d{1,3}$|^none$/.test(given) && number <= mostHashcashWanted) return number;
  throw new SatchelError('oats-hashcash-not-understood', {
    option: label,
    value: given.slice(0, 100),
    most: mostHashcashWanted,
  });
};

/** Where old clients get a build. */
const template: Parser<string> = (given, label) => {
  if (/^[!#-&(-~]{1,1024}$/.test(given) && given.includes('{name}')) return given;
  throw new SatchelError('oats-path-not-understood', { option: label, value: given.slice(0, 100) });
};

/** `satchel oats set`: how laptops are answered by the theft-deterrence protocol; a server that runs follows at once. */
export const oatsSetCommand = defineCommand({
  arguments: {},
  options: {
    repo: siteRepo,
    key: value('option-oats-key', 'KEY', signerReference),
    passphraseFile: value('option-oats-passphrase-file', 'FILE|none', fileOrNone),
    through: value('option-oats-through', 'FILE|none', fileOrNone),
    updates: value('option-oats-updates', 'FILE|none', fileOrNone),
    hashcash: value('option-oats-hashcash', 'BITS|none', bits),
    stream: value('option-oats-stream', 'STREAM', stream),
    updatePath: value('option-oats-update-path', 'TEMPLATE', template),
    field: repeated('option-oats-field', 'FIELD=NAME', oatsField),
  },
  async run(call) {
    const { repo, field: fields, key, passphraseFile, through, updates, hashcash, updatePath } = call.options;
    const given = {
      key,
      passphraseFile,
      through,
      updates,
      hashcash,
      stream: call.options.stream,
      updatePath,
    };
    await requireRepository(openRepository(call).store, call.signal);
    if (fields.length === 0 && Object.values(given).every((one) => one === undefined))
      throw new SatchelError('option-needed', {
        option:
          '--key, --passphrase-file, --through, --updates, --hashcash, --stream, --update-path, --field',
      });
    const settings = changed(readOatsSettings(repo), given, fields);
    const isNew = key !== undefined || through !== undefined;
    const keyId = await tryOut(repo, settings, { isNew, signal: call.signal });
    writeOatsSettings(repo, settings);
    return { repository: repo, isSite: isSite(repo), keyId, ...settings };
  },
  show: (result, words) => oatsLines(result, words),
});

type Given = { readonly [Name in keyof OatsSettings]?: OatsSettings[Name] | null | undefined };

/** The settings with what was given in its place; null takes one away. Throws `oats-key-needed`, `oats-field-not-possible`. */
function changed(
  settings: OatsSettings | undefined,
  given: Given,
  fields: readonly { readonly kind: string; readonly name: string }[],
): OatsSettings {
  const before = { ...defaultOatsSettings, ...settings };
  const names = withOatsNames(before.names, fields);
  if (names === undefined)
    throw new SatchelError('oats-field-not-possible', {
      value: fields.map(({ kind, name }) => `${kind}=${name}`).join(' '),
    });
  const said = Object.entries(given).filter(([, one]) => one !== undefined);
  const all = Object.entries({ ...before, ...Object.fromEntries(said), names });
  const { key, ...rest } = Object.fromEntries(all.filter(([, one]) => one !== null)) as Partial<OatsSettings>;
  if (key === undefined) throw new SatchelError('oats-key-needed');
  return { ...rest, key } as OatsSettings;
}

/** Opens everything once, so that a mistake is said here and not in a log. Gives the id of the key. */
async function tryOut(
  repository: string,
  settings: OatsSettings,
  { isNew, signal }: { readonly isNew: boolean; readonly signal: AbortSignal },
): Promise<string> {
  if (settings.updates !== undefined) readUpdatesFile(settings.updates);
  if (settings.through !== undefined) await readDelegations(settings.through);
  const { signer } = await openOatsTools(settings, () => {}, signal);
  try {
    await requireSiteKey(repository, signer.publicKey, { through: settings.through, isNew });
    return rsaKeyId(signer.publicKey);
  } finally {
    await signer.close();
  }
}
