// Drivers › Custom drivers
import { createWorker } from 'isolated-workers';

import type { Driver, DriverChannel, DriverCapabilities } from 'isolated-workers';

import type { Messages } from './drivers.messages.mjs';

interface MyCapabilities extends DriverCapabilities {
  reconnect: false;
  detach: false;
  sharedMemory: false;
}

export class MyCustomDriver implements Driver<MyCapabilities> {
  readonly name = 'my_driver';
  readonly capabilities: MyCapabilities = {
    reconnect: false,
    detach: false,
    sharedMemory: false,
  };

  async spawn(script: string, options: unknown): Promise<DriverChannel> {
    // Implement spawning logic
    // Return a DriverChannel for communication
    throw new Error(`The guide leaves open how ${script} is started with ${String(options)}.`);
  }
}

/** The guide stops at the class; this is how it is used. */
export async function theDriverRunsAWorkerThatCannotBeReconnectedTo(): Promise<void> {
  const worker = await createWorker<Messages, MyCustomDriver>({ script: './worker.js', driver: new MyCustomDriver() });
  worker.capabilities.reconnect satisfies false;
  worker.pid satisfies number | undefined;
  // @ts-expect-error
  worker.reconnect();
}
