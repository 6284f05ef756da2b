/**
 * Asks for one file over many connections at once and compares what came with its SHA-256; a process of its own, so that
 * the site is seen from outside. Arguments: URL, number of connections, SHA-256.
 */
import { createHash } from 'node:crypto';
import { Agent, get } from 'node:http';

const [url = '', count = '1', sha256 = ''] = process.argv.slice(2);
const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY });

function ask(): Promise<boolean> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (answer) => {
      const hash = createHash('sha256');
      answer.on('data', (piece: Uint8Array) => hash.update(piece));
      answer.on('error', reject);
      answer.on('end', () => resolve(answer.statusCode === 200 && hash.digest('hex') === sha256));
    }).on('error', reject);
  });
}

const answers = await Promise.all(Array.from({ length: Number(count) }, ask));
const right = answers.filter(Boolean).length;
console.log(`${right} of ${answers.length} right`);
if (right < answers.length) process.exitCode = 1;
