import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, loopback, type Place, type Server, startServer } from '../servers.ts';

/** nginx over a directory, as ostree's own documents advise for its repositories. `scratch` is made. */
export async function serveDirectory(directory: string, scratch: string, place = loopback): Promise<Server> {
  const port = await freePort();
  const site = `server { listen ${place.host}:${port}; root ${directory}; }`;
  return await startNginx(place, port, scratch, site);
}

/** nginx alone over a Satchel repository, by the configuration that operators get. */
export async function serveRepository(
  repository: string,
  scratch: string,
  place: Place = loopback,
): Promise<Server> {
  const port = await freePort();
  const documented = join(import.meta.dirname, '..', '..', 'docs', 'nginx.conf');
  const site = readFileSync(documented, 'utf8')
    .replace(/^( *listen ).*$/m, `$1${place.host}:${port};`)
    .replace(/^( *root ).*$/m, `$1${repository};`);
  return await startNginx(place, port, scratch, site);
}

async function startNginx(place: Place, port: number, scratch: string, site: string): Promise<Server> {
  mkdirSync(scratch, { recursive: true });
  const configuration = join(scratch, 'nginx.conf');
  writeFileSync(configuration, configurationAround(site, scratch));
  return await startServer(place, port, {
    program: 'nginx',
    parameters: ['-c', configuration, '-p', scratch, '-e', join(scratch, 'errors'), '-g', 'daemon off;'],
  });
}

function configurationAround(site: string, scratch: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
user root;
worker_processes 1;
pid ${scratch}/pid;
events { worker_connections 1024; }
http {
  access_log ${scratch}/requests;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000;
  default_type application/octet-stream;
${temporary.map((name) => `  ${name}_temp_path ${scratch}/${name};`).join('\n')}
${site}
}
`;
}
