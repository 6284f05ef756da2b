import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Language, type MessageCode, say } from '../base/catalogue.ts';
import type { Words } from './command.ts';
import { endLines, problemLines } from './stick-lines.ts';

const words = (language: Language): Words => ({
  language,
  say: (code: MessageCode, parameters = {}) => say(code, parameters, language).text,
});
const damaged = (digit: string) => ({
  code: 'stick-file-damaged' as const,
  parameters: { file: `packs/${digit.repeat(64)}.pack` },
});

test('what is wrong is said once, with short hashes, and then what can be done about it', () => {
  assert.deepEqual(problemLines([damaged('a'), damaged('b'), damaged('a')], words('en')), [
    'packs/aaaaaaaaaaaa….pack on the stick is damaged, and was not taken.',
    'packs/bbbbbbbbbbbb….pack on the stick is damaged, and was not taken.',
    '  Prepare the stick again; if that happens often, use another one.',
  ]);
  assert.deepEqual(problemLines([], words('es')), []);
});

test('the end says that the stick may go, and whether everything was taken', () => {
  const older = { code: 'stick-older' as const, parameters: { path: '/mnt' } };
  assert.deepEqual(endLines([older], words('en')), ['You may unmount it and pull it out.']);
  assert.deepEqual(endLines([older, damaged('a')], words('es')), [
    'No se tomó todo (vea arriba). Ya puede desmontarla y sacarla.',
  ]);
});
