/** The choice that a mistyped word was probably meant to be: at most a third of its letters differ. */
export function similarWord(word: string, choices: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const choice of choices) {
    const distance = editDistance(word, choice);
    if (distance < bestDistance) [best, bestDistance] = [choice, distance];
  }
  const letters = best?.replace(/^--/, '').length ?? 0;
  return bestDistance <= Math.max(1, Math.floor(letters / 3)) ? best : undefined;
}

/** Levenshtein's distance: inserted, deleted and replaced characters. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 4) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let line = 1; line <= a.length; line += 1) {
    const next = [line];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = row[column - 1]! + (a[line - 1] === b[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[column]! + 1, next[column - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
