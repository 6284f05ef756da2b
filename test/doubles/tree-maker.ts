/** A program that makes trees for rsync clients and ends: `tree-maker.ts REPOSITORY DIRECTORY BUILD…`. */
import process from 'node:process';
import { buildName } from '../../src/base/identifiers.ts';
import { silentReporter } from '../../src/base/progress.ts';
import { openCatalog } from '../../src/repository/catalog.ts';
import { rsyncLayout } from '../../src/rsync/layout.ts';
import { defaultSettings } from '../../src/rsync/settings.ts';
import { openTrees } from '../../src/rsync/trees.ts';
import { openDirectoryStore } from '../../src/store/directory.ts';

const [repository = '', directory = '', ...builds] = process.argv.slice(2);
const store = openDirectoryStore(repository);
const trees = await openTrees({
  layout: rsyncLayout(directory),
  repository,
  store,
  settings: () => defaultSettings,
  reporter: silentReporter,
});
await trees.prepare((await openCatalog(store)).buildNames());
for (const name of builds) await trees.make(buildName(name));
await trees.close();
