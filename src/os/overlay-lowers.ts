import { readFileSync } from 'node:fs';

/**
 * The lower layers of all overlays that are mounted, as whoever mounted them named them: a path may be relative, or
 * lead from a root that is not this one. Empty where there is no `/proc`.
 */
export function overlayLowers(mountinfo: () => string = readMountinfo): string[] {
  return mountinfo()
    .split('\n')
    .flatMap((line) => {
      const [type, , options] = line.split(' - ')[1]?.split(' ') ?? [];
      return type === 'overlay' ? (options ?? '').split(',') : [];
    })
    .flatMap((option) => {
      // Since Linux 6.8 each may be told by itself, with a plus.
      const layers = /^lowerdir\+?=(.*)$/s.exec(option)?.[1];
      return layers === undefined ? [] : splitLayers(unescapeOctal(layers));
    });
}

/** A colon inside of a path has a backslash before it. */
function splitLayers(layers: string): string[] {
  return (layers.match(/(?:[^:\\]|\\.)+/gs) ?? []).map((path) => path.replace(/\\(.)/gs, '$1'));
}

/** proc(5): spaces, tabs, line feeds, backslashes, commas. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

function readMountinfo(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'latin1');
  } catch {
    return '';
  }
}
