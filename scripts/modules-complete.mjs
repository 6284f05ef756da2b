// Ends with 0 when node_modules holds exactly what package-lock.json asks for on this machine, and a Node.js
// that can run Satchel is there. Plain JavaScript, because the host's older Node.js runs it.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const read = (file) => JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')).packages;

function complete() {
  const wanted = read('package-lock.json');
  const installed = read('node_modules/.package-lock.json');
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue;
    const found = installed[path];
    if (found === undefined && (entry.optional || entry.peer)) continue;
    if (found?.version !== entry.version || found?.integrity !== entry.integrity) return false;
    if (!existsSync(new URL(`../${path}/package.json`, import.meta.url))) return false;
  }
  return true;
}

/** npm leaves out an optional package silently when its download fails; Node.js itself is such a package. */
function nodeRuns() {
  const script =
    'const [a, b] = process.versions.node.split(".").map(Number); process.exit(+(a === 24 ? b < 15 : a < 26))';
  const bin = new URL('../node_modules/.bin', import.meta.url).pathname;
  const environment = { ...process.env, PATH: `${decodeURIComponent(bin)}:${process.env.PATH}` };
  return spawnSync('node', ['-e', script], { env: environment }).status === 0;
}

try {
  process.exitCode = complete() && nodeRuns() ? 0 : 1;
} catch {
  process.exitCode = 1;
}
