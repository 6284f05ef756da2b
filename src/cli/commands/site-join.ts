import { joinSite } from '../../site/join.ts';
import { defineCommand } from '../command.ts';
import { argument, value } from '../option-kinds.ts';
import { sourceUrl, text } from '../options.ts';
import { siteRepo, timeout } from '../shared-options.ts';
import { anchorOf, trustOptions } from '../trust-options.ts';

/** `satchel site join`: make a directory a site below an origin or another site, and decide whom it trusts. */
export const siteJoinCommand = defineCommand({
  arguments: { upstream: argument('argument-upstream', 'URL', sourceUrl) },
  options: {
    repo: siteRepo,
    token: value('option-site-token', 'TOKEN', text),
    name: value('option-site-name', 'NAME', text),
    timeout,
    ...trustOptions,
  },
  async run(call) {
    const { repo: repository, token, name, timeout: patience, trustOnFirstUse } = call.options;
    const { upstream } = call.arguments;
    const anchor = anchorOf(call.options, upstream, 'site-trust-not-decided');
    const { settings, rootSha256, keyIds, place } = await joinSite({
      ...{ clock: call.clock, reporter: call.reporter, signal: call.signal },
      ...{ repository, upstream, token, name, anchor, patience },
    });
    return {
      repository,
      id: settings.id,
      name: settings.name,
      upstream,
      upstreamKind: place?.kind ?? 'files',
      rootSha256,
      keyIds,
      reports: settings.credential !== undefined,
      trustOnFirstUse,
    };
  },
  show: ({ repository, id, name, upstream, rootSha256, reports, trustOnFirstUse }, words) => [
    words.say('result-site-join', { repository, id, name, upstream, sha256: rootSha256 }),
    words.say(reports ? 'result-site-join-credential' : 'result-site-join-no-credential', { repository }),
    ...(trustOnFirstUse ? [words.say('result-site-compare')] : []),
  ],
});
