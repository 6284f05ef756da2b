import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { test } from 'node:test';
import type { CommandEntry } from './command.ts';
import { commandTable } from './command-table.ts';

test('the table has all commands of its parts, and none hides another of the same name', async () => {
  const parts = globSync('command-table-*.ts', { cwd: import.meta.dirname });
  assert.ok(parts.length > 1);
  const names: string[] = [];
  for (const part of parts) {
    const exported: Readonly<Record<string, Readonly<Record<string, CommandEntry>>>> = await import(
      `./${part}`
    );
    names.push(...Object.values(exported).flatMap((commands) => Object.keys(commands)));
  }
  assert.deepEqual(names.sort(), Object.keys(commandTable).sort());
});
