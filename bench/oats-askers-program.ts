/**
 * Asks a theft-deterrence server as fast as it answers, for some seconds; a process of its own, and as little work for
 * each question as can be, so that most of the machine is left to the server. Prints JSON: answers, wrong ones, CPU
 * seconds. Arguments: host, port, connections, seconds, contents hash to report.
 */
import { connect } from 'node:net';

const [host = '', port = '', connections = '', seconds = '', vhash = ''] = process.argv.slice(2);
const end = performance.now() + Number(seconds) * 1000;
const laptops = 1000;
let [asked, answered, wrong] = [0, 0, 0];

function question(): string {
  const serial = `SHC${(asked % laptops).toString(16).toUpperCase().padStart(8, '0')}`;
  asked += 1;
  const body = `serialnum=${serial}&version=1&nonce=${asked}&vhash=${vhash}&free_space=1000&stream=stable`;
  const head = `POST /antitheft/1/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n`;
  return `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
}

function ask(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), host);
    socket.setNoDelay(true);
    let left: number | undefined;
    socket.on('connect', () => socket.write(question()));
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.on('data', (piece: Buffer) => {
      if (left === undefined) {
        const text = piece.toString('latin1');
        const length = /\r\nContent-Length: (\d+)\r\n/.exec(text);
        if (!text.startsWith('HTTP/1.1 200') || length === null) wrong += 1;
        left = Number(length?.[1]) + text.indexOf('\r\n\r\n') + 4;
      }
      left -= piece.length;
      if (left > 0) return;
      left = undefined;
      answered += 1;
      if (performance.now() < end) socket.write(question());
      else socket.destroy();
    });
  });
}

const start = performance.now();
await Promise.all(Array.from({ length: Number(connections) }, ask));
const wall = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({ answered, wrong, wall, cpu: (user + system) / 1e6 }));
