/** Mutations of values that JSON can hold, so that what is written of them is canonical again. */
import type { Random } from './fuzz.testkit.ts';
import { mutateNumber } from './fuzz-bytes.testkit.ts';

/** What JSON can hold. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const texts = ['', 'x', 'a', 'a/b', '..', '/', '\0', 'é', '/w==', 'a'.repeat(256), 'b'.repeat(5000), 'file'];
const others: readonly Json[] = [null, true, {}, [], [1], '', 0, -1, 0.5, 'e3b0', [[]], { name: 'a' }];

/** The value with one to three places changed: other values, fields left out or twice, lists in another order. */
export function mutateJson(value: Json, random: Random): Json {
  const changed = structuredClone(value);
  for (let count = 1 + random(3); count > 0; count -= 1) changeSomewhere(changed, random);
  return changed;
}

function changeSomewhere(value: Json, random: Random): void {
  if (typeof value !== 'object' || value === null) return;
  const keys = Object.keys(value);
  const key = keys[random(keys.length)];
  if (key === undefined) return;
  const holder = value as Record<string, Json>;
  const inside = holder[key]!;
  if (typeof inside === 'object' && inside !== null && random(4) > 0) changeSomewhere(inside, random);
  else if (Array.isArray(value)) changeList(value, Number(key), random);
  else if (random(8) === 0) delete holder[key];
  else holder[key] = otherValue(inside, random);
}

function changeList(list: Json[], at: number, random: Random): void {
  const other = random(list.length);
  switch (random(6)) {
    case 0:
      list.splice(at, 1);
      break;
    case 1:
      list.splice(other, 0, list[at]!);
      break;
    case 2:
      [list[at], list[other]] = [list[other]!, list[at]!];
      break;
    default:
      list[at] = otherValue(list[at]!, random);
  }
}

function otherValue(value: Json, random: Random): Json {
  // A copy: later changes go into what was put here.
  if (random(8) === 0) return structuredClone(others[random(others.length)]!);
  if (typeof value === 'number') return mutateNumber(value, random);
  if (typeof value !== 'string') return value;
  if (random(2) === 0) return texts[random(texts.length)]!;
  const at = random(value.length + 1);
  return value.slice(0, at) + texts[random(texts.length)]! + value.slice(at + random(2));
}
