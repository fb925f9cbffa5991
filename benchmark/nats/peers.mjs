// What is compared: each peer gives a function that sends one payload and resolves with its echo.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { connect } from '@nats-io/transport-node';
import { createWorker } from 'isolated-workers';
import { NatsDriver } from 'isolated-workers/drivers/nats';
import { BARE } from './scenarios.mjs';

const TIMEOUT = 60_000;

/** Starts all of them; the answers come from processes of their own. */
export async function startPeers(url) {
  const children = await Promise.all(['serving.mjs', 'responder.mjs'].map((file) => start(file, url)));
  const connection = await connect({ servers: url });
  const driver = new NatsDriver({ servers: url });
  const worker = await createWorker({ script: 'echo', driver });
  const json = await createWorker({ script: 'echo', driver, serializer: 'json' });
  const peers = {
    'isolated-workers': (payload) => worker.send('echo', payload),
    "isolated-workers, 'json'": (payload) => json.send('echo', payload),
    [BARE]: async (payload) => (await connection.request('bare', JSON.stringify(payload), { timeout: TIMEOUT })).json(),
  };
  const stop = async () => {
    await Promise.all([worker.close(), json.close(), connection.close()]);
    for (const child of children) child.kill();
  };
  return { peers, stop };
}

async function start(file, url) {
  const path = fileURLToPath(new URL(`./workers/${file}`, import.meta.url));
  const child = spawn(process.execPath, [path, url], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(createInterface(child.stdout), 'line');
  return child;
}
