import { createWorker, type Driver, WorkerError } from '../../index.js';
import { MESSAGE } from '../frames.js';
import { Link } from './link.js';
import type { AnyClient, Spawned, SpawnOptions } from './spawned.js';

/** The link to each worker: a spawner may give one worker for several ids. */
const links = new WeakMap<AnyClient, Link>();

/** Starts the worker that a spawner has described, or takes the one that it gave. */
export async function start(spawned: Spawned): Promise<Link> {
  const given: SpawnOptions | AnyClient = await spawned;
  if (typeof given !== 'object' || given === null) throw notSpawned(`a value of the type ${typeof given}`);
  if (isClient(given)) return links.get(given) ?? take(given);
  if ('postMessage' in given || 'send' in given) throw notSpawned('a worker or process that node: has started');
  return startWith(given);
}

function isClient(given: SpawnOptions | AnyClient): given is AnyClient {
  return 'post' in given && 'capabilities' in given;
}

/** A worker whose handlers others have given. */
function take(client: AnyClient): Link {
  client.on('notification', ({ type, payload }) => {
    if (type === MESSAGE) links.get(client)?.receive(payload);
  });
  return linkTo(client);
}

function linkTo(client: AnyClient): Link {
  const link = new Link(client, () => links.delete(client));
  links.set(client, link);
  return link;
}

async function startWith(options: SpawnOptions): Promise<Link> {
  const driver = instanceOf(options.driver);
  const { handlers } = options;
  if (handlers !== undefined && Object.hasOwn(handlers, MESSAGE)) throw reserved();
  let link: Link | undefined;
  const client = await createWorker({
    // Effect's protocols acknowledge what they have handled, and cannot be told to wait.
    maxPendingBytes: Infinity,
    ...options,
    ...(driver === undefined ? {} : { driver }),
    // JSON would lose bytes, maps and dates; where values travel as they are, no serializer is needed.
    serializer: options.serializer ?? (driver?.capabilities.sharedMemory === true ? undefined : 'structured'),
    handlers: { ...handlers, [MESSAGE]: (message: unknown) => link?.receive(message) },
    waitForReady: false,
  } as Parameters<typeof createWorker>[0]);
  return (link = linkTo(client as AnyClient));
}

function instanceOf(driver: SpawnOptions['driver']): Driver | undefined {
  return typeof driver === 'function' ? new driver() : driver;
}

function reserved(): WorkerError {
  const text = `the spawner gave a handler of the name "${MESSAGE}", which Effect's own messages have. Rename it.`;
  return new WorkerError('ERR_INVALID_OPTION', text);
}

function notSpawned(what: string): WorkerError {
  return new WorkerError(
    'ERR_INVALID_OPTION',
    `the spawner gave ${what}. Give the options of createWorker, such as { script, driver: WorkerThreadsDriver }, or a worker ` +
      'that createWorker or attachWorker has given.',
  );
}
