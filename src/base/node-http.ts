/**
 * What the program uses of `node:http`. An `import` of that module reads all of its exports, and one of them loads
 * the WebSocket client of Node.js: 25 ms of every start, for nothing.
 */
export const { Agent, createServer, request, STATUS_CODES } = process.getBuiltinModule('node:http');
