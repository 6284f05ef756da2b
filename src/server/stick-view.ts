import type { Fields } from '../base/fields.ts';
import { readRecordIfGood } from '../os/record-file.ts';
import type { StickView } from './page-stick.ts';

const states = ['found', 'copying', 'done', 'failed'] as const;

/** What is known of the stick that was plugged in last; null where there was none, or where it cannot be told. */
export function readStickView({ stick: path }: { readonly stick: string }): StickView | null {
  return readRecordIfGood(path, parseStickView) ?? null;
}

function parseStickView(fields: Fields): StickView {
  fields.expectFormat('stick-state', 1);
  const state = states.find((known) => known === fields.text('state'));
  const at = fields.text('at');
  if (state === undefined) throw fields.wrong('state');
  if (Number.isNaN(Date.parse(at))) throw fields.wrong('at');
  return {
    state,
    at,
    done: fields.count('done'),
    total: fields.count('total'),
    ...(fields.has('code') && { code: fields.text('code') }),
    ...(fields.has('parameters') && { parameters: fields.record('parameters').scalars() }),
  };
}
