import path from 'node:path';

import { AttachedChannel } from '../drivers/process/attached-channel.js';
import { ChildProcessDriver } from '../drivers/process/driver.js';
import { differenceOf, serializerMismatch } from '../errors/from-native.js';
import { invalidOption, type WorkerError } from '../errors/worker-error.js';
import { checkedPath, readToken, socketPathFor } from '../detached/named-sockets.js';
import { attachOptions } from '../options/host-options.js';
import { checkKnown } from '../options/check-known.js';
import { buildWorker, type ConnectionSettings } from './build-worker.js';
import type { AttachOptions } from '../types/attach-options.js';
import type { Worker } from './worker.js';

/** How many outcomes wait for a listener: the worker may keep more than this host knows. */
const MOST_EARLY = 1000;

/** Implements `attachWorker`. */
export async function attach(options: AttachOptions): Promise<Worker> {
  if (typeof options !== 'object' || options === null) throw invalidOption('options', 'an object', options);
  checkKnown('attachWorker', options, attachOptions);
  const { name, socketPath, takeOver = false, keepResults = MOST_EARLY } = options;
  if (socketPath === undefined && (typeof name !== 'string' || name === '')) {
    throw invalidOption('name', 'the name of a detached worker, or socketPath its path', name);
  }
  if (typeof takeOver !== 'boolean') throw invalidOption('takeOver', 'true or false', takeOver);
  if (name !== undefined && typeof name !== 'string') throw invalidOption('name', 'a string', name);
  const file = socketPath === undefined ? socketPathFor(name) : checkedPath(socketPath);
  const settings = options as unknown as ConnectionSettings;
  const connect = (serializer: ConnectionSettings['serializer']) =>
    buildWorker(
      new ChildProcessDriver(),
      name ?? path.basename(file),
      { ...settings, serializer, keepResults },
      ({ startupTimeout }) => AttachedChannel.open({ path: file, token: readToken(file) }, takeOver, startupTimeout),
      false,
    );
  // Only that serializer shares memory: this host cannot use a worker with another one.
  const serializer = settings.serializer ?? (settings.sharedMemory === true ? 'structured' : undefined);
  return connectBy(connect, serializer).catch((error: unknown) => {
    const difference = differenceOf(error);
    throw difference === undefined ? error : explained(difference, file, error);
  });
}

/** A host that names no serializer adopts the worker's. The worker reveals it only by refusing another. */
async function connectBy(
  connect: (serializer: ConnectionSettings['serializer']) => Promise<Worker>,
  serializer: ConnectionSettings['serializer'],
): Promise<Worker> {
  try {
    return await connect(serializer ?? 'structured');
  } catch (error) {
    if (serializer !== undefined || differenceOf(error) === undefined) throw error;
    return connect('json').catch((second: unknown) => {
      throw differenceOf(second) === undefined ? second : error;
    });
  }
}

/** Adds the next step for this side. */
function explained(difference: string, file: string, cause: unknown): WorkerError {
  const advice = "Give `attachWorker` the worker's serializer.";
  return serializerMismatch(`cannot attach to the worker at ${file}: ${difference}`, advice, cause);
}
