import { readFileSync } from 'node:fs';
import { writeFileAtomic } from '../../os/atomic-file.ts';
import { withSystemErrors } from '../../os/system-error.ts';
import { openKeyDirectory } from '../../trust/keys.ts';
import { describeRequest, signRequest } from '../../trust/offline-signing.ts';
import { parseRequest, serialiseRequest } from '../../trust/request-file.ts';
import { defineCommand } from '../command.ts';
import { argument, flag, required } from '../option-kinds.ts';
import { localPath } from '../options.ts';

/** `satchel keys sign`: sign a request with keys that never leave this machine, after saying what it changes. */
export const keysSignCommand = defineCommand({
  arguments: { file: argument('argument-sign-file', 'FILE', localPath) },
  options: {
    keyDir: required('option-key-dir', 'DIR', localPath),
    dryRun: flag('option-dry-run-sign'),
  },
  async run(call) {
    const { file } = call.arguments;
    const keys = openKeyDirectory(call.options.keyDir, call.clock, call.reporter);
    const request = parseRequest(
      withSystemErrors('read', file, () => readFileSync(file)),
      file,
    );
    const { dryRun } = call.options;
    const signed = dryRun ? request : signRequest(request, keys);
    const documents = describeRequest(signed, keys);
    if (!dryRun) writeFileAtomic(file, serialiseRequest(signed));
    return { file, dryRun, documents };
  },
  show({ file, dryRun, documents }, words) {
    const missing = documents.reduce((sum, { signaturesMissing }) => sum + signaturesMissing, 0);
    const lastLine = () => {
      if (dryRun) return words.say('result-sign-dry');
      if (missing > 0) return words.say('result-sign-missing', { count: missing });
      return words.say('result-sign-complete', { path: file });
    };
    return [
      ...documents.flatMap(({ role, version, expires, added, removed, replaced, keyChanges }) => [
        words.say('result-sign-summary', {
          role,
          version,
          expires,
          added: added.length,
          removed: removed.length,
          replaced: replaced.length,
        }),
        ...added.map((path) => words.say('result-sign-added', { path })),
        ...removed.map((path) => words.say('result-sign-removed', { path })),
        ...replaced.map((path) => words.say('result-sign-replaced', { path })),
        ...keyChanges.map((change) =>
          words.say('result-sign-keys', {
            role: change.role,
            threshold: change.threshold,
            added: change.added.join(', ') || '—',
            removed: change.removed.join(', ') || '—',
          }),
        ),
      ]),
      lastLine(),
    ];
  },
});
