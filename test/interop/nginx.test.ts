import { test } from 'node:test';
import { startServer } from '../../src/server/start-server.ts';
import { nginxInstalled, startNginx } from '../doubles/nginx.ts';
import { httpServingSuite } from '../suites/http-serving.ts';

// One list of expectations, two servers: where they agree, a device cannot tell them apart.
httpServingSuite('satchel serve', (repository) =>
  startServer({
    repository,
    listen: { host: '127.0.0.1', port: 0 },
    log: { level: 'silent' },
    pageData: async () => ({ builds: [], costs: [], deltas: [], streams: [] }),
  }),
);

if (nginxInstalled()) {
  httpServingSuite('nginx with docs/nginx.conf', startNginx);
} else {
  const explanation = 'nginx is not installed: apt-get install nginx-light';
  test('nginx serves a repository', { skip: process.env.CI ? false : explanation }, () => {
    throw new Error(explanation);
  });
}
