import { SatchelError } from '../../base/errors.ts';
import { createKeyPair } from '../../lease/key-files.ts';
import { defineCommand } from '../command.ts';
import { passphraseIn, signingOptions } from '../lease-values.ts';
import { argument } from '../option-kinds.ts';
import { localPath } from '../options.ts';

/** `satchel lease key`: an RSA key that laptops can trust; the private half is encrypted. */
export const leaseKeyCommand = defineCommand({
  arguments: { name: argument('argument-lease-key-name', 'NAME', localPath) },
  options: { passphraseFile: signingOptions.passphraseFile },
  async run({ arguments: { name }, options: { passphraseFile } }) {
    const passphrase = passphraseIn(passphraseFile);
    if (passphrase === undefined || passphrase === '')
      throw new SatchelError('option-needed', { option: '--passphrase-file FILE' });
    return createKeyPair(name, passphrase);
  },
  show: ({ publicFile, privateFile, keyId }, words) => [
    words.say('result-lease-key', { publicFile, privateFile, keyId }),
  ],
});
