// The program of each process of a `Worker`: makes it look like a thread, and runs the user's script.
import { getHost, getStartupData, startWorkerServer } from '../index.js';
import { setImmediate } from '../util/primordials.js';
import { drainRelays, joinBroadcasts, onBroadcast } from './broadcast/relay.js';
import { environmentData } from './environment-data.js';
import { FRAME, MAIL, type Frame, type StartupData } from './frames.js';
import { joinMailOfHost, type Mail, type Outcome, routeMail } from './mail/route.js';
import { install } from './install.js';
import { here } from './this-worker.js';
import { PortBridge, type Wire } from './values/port-bridge.js';
import { replaceOutput } from './worker/output.js';
import { ParentPort } from './worker/parent-port.js';
import { questions } from './worker/questions.js';
import { runScript } from './worker/run-script.js';
import { reportUncaught } from './worker/uncaught.js';

const isNode = process.versions['bun'] === undefined && process.versions['deno'] === undefined;

/** What the host has sent first. */
interface Start {
  readonly workerData: unknown;
  readonly environment: ReadonlyMap<unknown, unknown>;
}

/** Runs once, in the process. */
export async function boot(): Promise<void> {
  const startup = getStartupData<StartupData>();
  // Without this library's own script.
  process.argv.splice(1, 1);
  const host = getHost();
  const post = (frame: Frame): void => host.post(FRAME, frame);
  const share = startup.sharedMemory === 'share';
  const connection: Connection = { server: undefined };
  const bridge = new PortBridge(startup.sharedMemory, wireOf(post, connection), 2);
  const parentPort = new ParentPort(bridge);
  let begin: (start: Start) => void = () => {};
  const begun = new Promise<Start>((resolve) => (begin = resolve));
  let onRun: () => void = () => {};
  // A message by thread id waits until the script can have listeners.
  const ran = new Promise<void>((resolve) => (onRun = resolve));
  const onFrame = (frame: Frame): void => {
    switch (frame.kind) {
      case 'start':
        // At once: messages of its ports may follow in the same batch.
        return begin({ workerData: bridge.open(frame.data).value, environment: frame.environment });
      case 'message':
        return parentPort.deliver(frame.body);
      case 'port':
        return bridge.onMessage(frame.id, frame.body);
      case 'close':
        return bridge.onClose(frame.id);
      case 'broadcast':
        return onBroadcast(frame, post);
    }
  };
  reportUncaught(post);
  // Before the library writes what is left.
  process.prependListener('exit', () => {
    bridge.drain();
    drainRelays();
  });
  const handlers = { ...questions, [FRAME]: onFrame, [MAIL]: (mail: Mail) => ran.then(() => routeMail(mail)) };
  const server = (await startWorkerServer(handlers as never, {
    logLevel: 'error',
    maxPendingBytes: Infinity,
    ...(share && { sharedMemory: true }),
  })) as unknown as ServerWithWire;
  connection.server = server;
  joinBroadcasts(post);
  joinMailOfHost((mail, timeout) => host.send(MAIL, mail, { timeout }) as Promise<Outcome>);
  const { workerData, environment } = await begun;
  for (const [key, value] of environment) environmentData.set(key, value);
  here.threadId = startup.threadId;
  here.sharedMemory = startup.sharedMemory;
  install({
    isMainThread: false,
    parentPort: parentPort.port,
    workerData,
    threadId: startup.threadId,
    threadName: startup.threadName,
    resourceLimits: startup.resourceLimits,
  });
  // Bun and Deno write to the descriptors themselves.
  if (isNode) {
    replaceOutput((frame) => {
      post(frame);
      server.sendNow(0);
    });
  }
  post({ kind: 'online' });
  // The process ends when nothing is left in its event loop.
  server.unref();
  // Outside of this promise: what the script throws is an uncaught exception.
  setImmediate(() => {
    setImmediate(onRun);
    runScript(startup.script);
  });
}

/** What the library's own server has besides its public members. */
interface ServerWithWire {
  unref(): unknown;
  receiveNow(): void;
  sendNow(millis: number): boolean;
}

/** `undefined`: it has not begun. */
interface Connection {
  server: ServerWithWire | undefined;
}

function wireOf(post: (frame: Frame) => void, connection: Connection): Wire {
  return {
    post,
    receive: () => connection.server?.receiveNow(),
    send: (millis) => connection.server?.sendNow(millis) ?? false,
  };
}
