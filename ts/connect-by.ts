import { driverFailed } from './driver-errors.js';
import { WorkerError } from './errors.js';
import { checkEnd } from './drivers/to-driver.js';
import type { Driver, DriverServerChannel } from './types/driver.js';
import { DriverWorkerChannel } from './values/driver-worker-channel.js';
import { adoptWorkerChannel, type WorkerChannel } from './worker-channel.js';

/** Connects by a user's driver: nothing else in this program tells that it is a worker. */
export async function connectBy(driver: Driver | undefined): Promise<WorkerChannel> {
  if (driver?.createServer === undefined) {
    const what = driver === undefined ? '' : `, and the driver "${driver.name}" has no createServer() to connect it`;
    throw new WorkerError(
      'ERR_NOT_A_WORKER',
      `startWorkerServer() was called in a program that is no worker${what}. Start its script with createWorker().`,
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
