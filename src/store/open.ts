import { fileURLToPath } from 'node:url';
import { languageFromEnvironment } from '../base/catalogue.ts';
import { SatchelError } from '../base/errors.ts';
import type { HttpCounters, HttpStore } from './http.ts';
import type { ReadableStore } from './store.ts';

/** A source of any kind; what is read from a directory costs no requests and no bytes. */
export type SourceStore = ReadableStore & {
  counters(): HttpCounters;
  /** Asks a program behind the address; only where there can be one. */
  readonly ask?: HttpStore['ask'];
};

/**
 * Opens a source by its address: `http://…`, `https://…`, `file:///…`, or a path; of a directory that is the top of
 * a stick, the repository on it. Nothing is connected to or read yet. Loads only the kind of store that is needed; `patience` is how many milliseconds a
 * source behind a network may be silent, its own when absent. A place that says why it does not give a file is quoted:
 * its `read` throws `source-has-not-yet` and `source-has-not` beside what {@link ReadableStore} throws. Throws
 * `store-address-not-usable`.
 */
export async function openSourceStore(
  address: string,
  { patience }: { readonly patience?: number | undefined } = {},
): Promise<SourceStore> {
  if (/^https?:\/\//i.test(address)) {
    const [{ openHttpStore }, { asTold }] = await Promise.all([
      import('./http.ts'),
      import('./http-said.ts'),
    ]);
    const store = openHttpStore(address, {
      ...(patience === undefined ? {} : { idleTimeout: patience, connectTimeout: patience }),
      // What the place says when it has not got a file is for the person here.
      headers: () => ({ 'Accept-Language': languageFromEnvironment() }),
    });
    return {
      ...store,
      read: (name, options) =>
        store.read(name, options).catch((error: unknown) => {
          throw asTold(error);
        }),
    };
  }
  const path = pathFrom(address);
  const counters = () => ({ requests: 0, bytesReceived: 0 });
  const { isStick, openStickStore } = await import('./stick.ts');
  if (isStick(path)) return { ...openStickStore(path), counters };
  const { openDirectoryStore } = await import('./directory.ts');
  return { ...openDirectoryStore(path), counters };
}

function pathFrom(address: string): string {
  if (!/^[a-z][a-z0-9+.-]*:/i.test(address) && address !== '') return address;
  try {
    return fileURLToPath(address);
  } catch (cause) {
    throw new SatchelError('store-address-not-usable', { address }, { cause });
  }
}
