/** A laptop that is not activated, as its initramfs asks: connect, send, half-close, read to the end. */
import { connect } from 'node:net';

/** Asks a service at `HOST:PORT`; the answer as text, one character a byte. */
export function askActivation(address: string, request: string): Promise<string> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(address.slice(colon + 1)) }, () => socket.end(request));
    let answer = '';
    socket.setEncoding('latin1');
    socket.on('data', (piece: string) => {
      answer += piece;
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(answer));
  });
}
