import type { ConnectedHost, ConnectionSetup } from '../../connection/connection.js';
import { unsupportedByDriver } from '../../errors/driver-errors.js';
import { workerClosed } from '../../errors/host-errors.js';
import type { WorkerInstanceInit, InstanceParts } from './init.js';
import { settlesBy } from '../../util/with-timeout.js';
import { EXIT_GRACE } from './state.js';
import { now } from '../../util/primordials.js';

/** Connects to a worker that lives without its connection. */
export class Reconnection {
  /** Messages meanwhile wait for it. */
  underWay: Promise<void> | undefined;
  /** A pending connection. */
  private attaching: Promise<ConnectedHost> | undefined;

  constructor(
    private readonly worker: InstanceParts,
    private readonly init: WorkerInstanceInit,
    private readonly setup: ConnectionSetup,
  ) {}

  /** Connects to the worker again; resolves when it has, with whether it was disconnected. */
  async reconnect(): Promise<boolean> {
    const { attachment, state, gone } = this.worker;
    // Another call is already connecting.
    if (this.attaching !== undefined) {
      await this.attaching;
      await attachment.ready;
      return false;
    }
    if (attachment.losing !== undefined) await this.whileUnderWay(attachment.losing);
    if (state.isClosing || state.failure !== undefined) throw this.loss();
    const wasDisconnected = state.isDisconnected;
    if (wasDisconnected) {
      try {
        await this.whileUnderWay(this.attachAgain());
      } catch (error) {
        // The worker may be ending.
        throw (await settlesBy(now() + EXIT_GRACE, gone)) ? this.loss() : error;
      }
    }
    await attachment.ready;
    attachment.restoreRefMode();
    return wasDisconnected;
  }

  private async whileUnderWay(step: Promise<void>): Promise<void> {
    this.underWay = step;
    try {
      await step;
    } finally {
      if (this.underWay === step) this.underWay = undefined;
    }
  }

  private loss(): Error {
    return this.worker.state.failure?.() ?? workerClosed('reconnect', this.init.name);
  }

  /** Resolves when there is a connection. */
  async attachAgain(): Promise<void> {
    const { attachment, state } = this.worker;
    const { channel, driver } = this.init;
    if (state.connection === 'leaving') return state.move('starting');
    if (channel.reconnect === undefined) throw unsupportedByDriver(driver, 'reconnect()', 'child_process');
    // If it connects at once, requests of this tick use it.
    const connecting = channel.reconnect({ ...this.setup, startupData: undefined });
    const connected = 'then' in connecting ? await this.waitFor(connecting) : connecting;
    if (state.hasEnded) {
      attachment.leaveAlone(connected);
      throw this.loss();
    }
    attachment.renew(connected);
  }

  private async waitFor(connecting: Promise<ConnectedHost>): Promise<ConnectedHost> {
    this.attaching = connecting;
    try {
      return await connecting;
    } finally {
      this.attaching = undefined;
    }
  }
}
