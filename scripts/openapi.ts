/** Makes docs/openapi.json from the schemas that judge requests. `npm run docs` writes it; a test compares. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { openApi } from '../src/server/openapi.ts';

/** The description as a file. */
export function openApiPage(): { readonly file: string; readonly text: string } {
  return { file: 'docs/openapi.json', text: `${JSON.stringify(openApi(), undefined, 2)}\n` };
}

if (import.meta.main) {
  const { file, text } = openApiPage();
  writeFileSync(path.join(import.meta.dirname, '..', file), text);
  process.stdout.write(`${file}\n`);
}
