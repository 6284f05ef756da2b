import { readOatsSettings } from '../../advice/oats-settings.ts';
import { readUpdatesFile } from '../../advice/oats-tools.ts';
import { isSatchelError, SatchelError } from '../../base/errors.ts';
import { isSite } from '../../site/layout.ts';
import { requireRepository } from '../../trust/metadata-store.ts';
import { defineCommand } from '../command.ts';
import { oatsLines } from '../oats-lines.ts';
import { openRepository } from '../repository-context.ts';
import { siteRepo } from '../shared-options.ts';

/** `satchel oats status`: how laptops are answered, and whether `updates.cfg` is in order. */
export const oatsStatusCommand = defineCommand({
  arguments: {},
  options: { repo: siteRepo },
  async run(call) {
    const { repo } = call.options;
    await requireRepository(openRepository(call).store, call.signal);
    const settings = readOatsSettings(repo);
    if (settings === undefined) throw new SatchelError('oats-not-set-up', { repository: repo });
    return { repository: repo, isSite: isSite(repo), ...settings, ...lookAt(settings.updates) };
  },
  show: (result, words) => oatsLines(result, words),
});

/** What `updates.cfg` advises, or what is wrong with it. */
function lookAt(path: string | undefined) {
  if (path === undefined) return {};
  try {
    const entries = readUpdatesFile(path).map(({ hash, name, priority }) => ({ hash, name, priority }));
    return { entries };
  } catch (error) {
    if (!isSatchelError(error)) throw error;
    return { problem: { code: error.code, parameters: error.parameters } };
  }
}
