/**
 * A process that does nothing but pull one file through a site, for tests that kill it:
 * `node test/doubles/pulling-site.ts REPOSITORY UPSTREAM NAME`. It ends when the file is stored.
 */
import { siteLayout } from '../../src/site/layout.ts';
import { createPullThrough } from '../../src/site/pull.ts';
import { openHttpStore } from '../../src/store/http.ts';

const [repository = '', address = '', name = ''] = process.argv.slice(2);
const upstream = openHttpStore(address);
const pull = createPullThrough({ layout: siteLayout(repository), upstream });
const file = await pull.open(name);
let received = 0;
for await (const piece of file.read({ offset: 0, length: file.size })) received += piece.length;
file.close();
await pull.close();
await upstream.close();
process.stdout.write(`${received}\n`);
