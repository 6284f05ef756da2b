/** An origin with builds, and sites below it, as processes of their own: for the stories of sites. */
import { readFileSync } from 'node:fs';
import { done, type ProgramOptions, type RunningServer, serve } from '../doubles/satchel-program.ts';
import { type Scratch, scratchFolder } from '../doubles/scratch.ts';

/** A place of a story: an origin or a site. */
export type StoryPlace = { readonly repository: string; server: RunningServer };

/** What a story of sites happens in. */
export type SiteStory = {
  readonly scratch: Scratch;
  readonly origin: StoryPlace;
  /** SHA-256 of the root that devices and sites trust. */
  readonly trust: string;
  publish(name: string, source: string): Promise<void>;
  /** Joins a site below another place and serves it. */
  site(name: string, above?: StoryPlace, words?: readonly string[]): Promise<StoryPlace>;
  /** A new device whose source this is; further words go to `device init`. */
  device(name: string, source: string): Promise<string>;
  end(): Promise<void>;
};

/** Nobody in a test is to be found by others. */
const quiet = ['--no-advertise'];

/** Starts a place again, or for the first time. */
export async function servePlace(
  repository: string,
  { words = [], ...options }: ProgramOptions & { words?: readonly string[]; listen?: string } = {},
): Promise<StoryPlace> {
  return { repository, server: await serve(repository, { ...options, words: [...quiet, ...words] }) };
}

/** An origin without builds that is being served. */
export async function siteStory(name: string): Promise<SiteStory> {
  const scratch = scratchFolder(name);
  const repository = scratch.file('origin');
  const { rootSha256: trust } = await done<{ rootSha256: string }>(['init', '--repo', repository]);
  const origin = await servePlace(repository);
  const places: StoryPlace[] = [origin];
  return {
    scratch,
    origin,
    trust,
    async publish(build, source) {
      await done(['publish', '--repo', repository, '--name', build, source]);
    },
    async site(site, above = origin, words = []) {
      const { token } = await done<{ token: string }>(['site', 'token', 'create', '--repo', repository]);
      const directory = scratch.file(site);
      const joining = ['--token', token, '--trust', trust, '--name', site, '--repo', directory];
      await done(['site', 'join', above.server.url, ...joining]);
      // A test does not wait until the site looks for news of its own accord.
      await done(['site', 'set', '--repo', directory, '--fresh', '0']);
      const place = await servePlace(directory, { words });
      places.push(place);
      return place;
    },
    async device(device, source) {
      const root = scratch.file(device);
      await done(['device', 'init', '--root', root, '--source', source, '--trust', trust]);
      return root;
    },
    async end() {
      for (const { server } of places.reverse()) await server.stop();
      scratch.remove();
    },
  };
}

/** What a server has logged about requests so far is told by its end; this is what it was asked. */
export type LoggedRequest = { readonly method: string; readonly path: string; readonly status: number };

/** The requests that a server has logged, once it was stopped. */
export function requestsOf(log: string): LoggedRequest[] {
  return log
    .split('\n')
    .filter((line) => line.includes('"msg":"request"'))
    .map((line) => JSON.parse(line) as LoggedRequest);
}

/** The most memory that a process has had, in bytes. */
export function mostMemory(pid: number): number {
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}
