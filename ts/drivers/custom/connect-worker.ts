import { driverFailed } from '../../errors/driver-errors.js';
import { WorkerError } from '../../errors/worker-error.js';
import { checkEnd } from '../to-driver.js';
import { isTakenByOther } from '../../worker/shared-state.js';
import type { Driver, DriverServerChannel } from '../../types/driver.js';
import { DriverWorkerChannel } from '../../worker/channels/custom.js';
import { adoptWorkerChannel } from '../../worker/find-channel.js';
import type { WorkerChannel } from '../../worker/worker-channel.js';

/** Where a program that has started this one, and was loaded before it, leaves the driver that connects it. */
const LEFT_DRIVER = Symbol.for('isolated-workers.driver');

/** Connects with a custom driver, because nothing else in this program shows that it is a worker. */
export async function connectBy(named: Driver | undefined): Promise<WorkerChannel> {
  const driver = named ?? ((globalThis as Record<symbol, unknown>)[LEFT_DRIVER] as Driver | undefined);
  if (driver?.createServer === undefined) {
    const what = driver === undefined ? '' : `, and the driver "${driver.name}" has no createServer() to connect it`;
    throw new WorkerError(
      'ERR_NOT_A_WORKER',
      isTakenByOther()
        ? `startWorkerServer() cannot reach the host: another version of isolated-workers was loaded first and has connected to it. Install one version.`
        : `startWorkerServer() was called in a program that is not a worker${what}. Start its script with createWorker().`,
    );
  }
  let end: DriverServerChannel;
  try {
    end = await driver.createServer();
  } catch (error) {
    throw error instanceof WorkerError ? error : driverFailed(driver.name, 'could not connect to the host', error);
  }
  checkEnd(driver, 'createServer', end);
  const { sharedMemory, reconnect } = driver.capabilities;
  const channel = new DriverWorkerChannel(driver.name, end, sharedMemory === true, reconnect === true);
  adoptWorkerChannel(channel);
  return channel;
}
