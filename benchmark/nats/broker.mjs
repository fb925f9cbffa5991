// A NATS server on the loopback interface.
import { execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Where Debian's package puts it is in the `PATH` of administrators only. */
const PLACES = ['nats-server', '/usr/sbin/nats-server', '/usr/local/bin/nats-server'];

export function brokerVersion() {
  return execFileSync(find(), ['--version'], { encoding: 'utf8' })
    .trim()
    .replace(/^.* v?/, '');
}

/** Resolves with its process and its address, when it is ready. */
export async function startBroker() {
  const server = spawn(find(), ['--addr', '127.0.0.1', '--port', '-1'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let url;
  for await (const line of createInterface(server.stderr)) {
    const port = /client connections on 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port !== undefined) url = `nats://127.0.0.1:${port}`;
    if (line.includes('Server is ready')) break;
  }
  if (url === undefined) throw new Error('the NATS server did not start');
  server.stderr.resume();
  return { server, url };
}

function find() {
  const found = PLACES.find((file) => {
    try {
      execFileSync(file, ['--version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
  if (found === undefined)
    throw new Error('there is no nats-server: install it, on Debian with `apt-get install nats-server`');
  return found;
}
