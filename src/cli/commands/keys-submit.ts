import { readFileSync } from 'node:fs';
import { keepHalts } from '../../advice/keep-halts.ts';
import { withSystemErrors } from '../../os/system-error.ts';
import { followWithLite } from '../../repository/lite-refresh.ts';
import { submitSigned } from '../../trust/offline-signing.ts';
import { parseRequest } from '../../trust/request-file.ts';
import { defineCommand } from '../command.ts';
import { argument } from '../option-kinds.ts';
import { localPath } from '../options.ts';
import { openRepository } from '../repository-context.ts';
import { keyDir, repo } from '../shared-options.ts';

/** `satchel keys submit`: publish what offline keys have signed. */
export const keysSubmitCommand = defineCommand({
  arguments: { file: argument('argument-submit-file', 'FILE', localPath) },
  options: { repo, keyDir },
  async run(call) {
    const { file } = call.arguments;
    const bytes = withSystemErrors('read', file, () => readFileSync(file));
    const context = { ...openRepository(call), reporter: call.reporter };
    const { outcome } = await submitSigned(context, parseRequest(bytes, file), keepHalts(context));
    await followWithLite(context);
    return { outcome };
  },
  show: (_result, words) => [words.say('result-submitted')],
});
