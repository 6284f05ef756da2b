import type { Agent } from 'node:http';
import type { RequestOptions } from 'node:https';
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';
import { Agent as PlainAgent } from '../base/node-http.ts';

/** The connections of one HTTP store: kept open between requests, and every byte of them counted. */
export type Connections = {
  /** The agent for a protocol, `http:` or `https:`. */
  agentFor(protocol: string): Promise<Agent>;
  /** Bytes received so far on all sockets, as they came over the wire (under TLS: encrypted). */
  bytesReceived(): number;
  /** Ends all connections at once, busy or not. */
  close(): void;
};

/**
 * How long one address of a name is tried before the next, in milliseconds. Node's own 250 ms would give up on
 * every satellite link.
 */
const addressTimeout = 2500;

/** Makes the connections; nothing is opened before it is needed. */
export function createConnections(): Connections {
  const sockets = new Set<Socket>();
  const agents = new Map<string, Agent>();
  let received = 0;

  const open = (options: object): Socket => {
    const patient = { ...options, autoSelectFamilyAttemptTimeout: addressTimeout };
    const socket = connect(patient as TcpNetConnectOpts);
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      received += socket.bytesRead;
    });
    return socket;
  };
  const makePlain = (): Agent => {
    const agent = new PlainAgent({ keepAlive: true });
    agent.createConnection = open;
    return agent;
  };
  const makeEncrypted = async (): Promise<Agent> => {
    // Loaded only where it is used: TLS takes longer to load than plain HTTP.
    const https = await import('node:https');
    const agent = new https.Agent({ keepAlive: true });
    const encrypt = agent.createConnection.bind(agent);
    // TLS is laid over a socket of ours, since a TLS socket counts decrypted bytes.
    agent.createConnection = (options, callback) => {
      const overSocket: RequestOptions & { readonly socket: Socket } = { ...options, socket: open(options) };
      return encrypt(overSocket, callback);
    };
    return agent;
  };

  return {
    async agentFor(protocol) {
      const known = agents.get(protocol);
      if (known !== undefined) return known;
      const agent = protocol === 'https:' ? await makeEncrypted() : makePlain();
      agents.set(protocol, agent);
      return agent;
    },
    bytesReceived() {
      let open = 0;
      for (const socket of sockets) open += socket.bytesRead;
      return received + open;
    },
    close() {
      for (const agent of agents.values()) agent.destroy();
      agents.clear();
      for (const socket of sockets) socket.destroy();
    },
  };
}
