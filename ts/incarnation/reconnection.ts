import type { ConnectedHost, ConnectionSetup } from '../connection.js';
import { unsupportedByDriver } from '../driver-errors.js';
import { workerClosed } from '../host-errors.js';
import type { Incarnation, IncarnationInit } from '../incarnation.js';
import { within } from '../within.js';
import { EXIT_GRACE } from './condition.js';

/** Connecting to a worker that lives without its connection. */
export class Reconnection {
  /** What is sent meanwhile waits for it. */
  underWay: Promise<void> | undefined;
  /** A connection that takes its time to come. */
  private attaching: Promise<ConnectedHost> | undefined;

  constructor(
    private readonly worker: Incarnation,
    private readonly init: IncarnationInit,
    private readonly setup: ConnectionSetup,
  ) {}

  /** Connects to the same worker again; resolves when it is, with whether it was not before. */
  async reconnect(): Promise<boolean> {
    const { attachment, condition, gone } = this.worker;
    // Another call is about to.
    if (this.attaching !== undefined) {
      await this.attaching;
      await attachment.ready;
      return false;
    }
    if (attachment.losing !== undefined) await this.whileUnderWay(attachment.losing);
    if (condition.hasEnded || condition.isClosing || condition.failure !== undefined) throw this.loss();
    const wasDisconnected = condition.isDisconnected;
    if (wasDisconnected) {
      try {
        await this.whileUnderWay(this.attachAgain());
      } catch (error) {
        // It may be ending.
        throw (await within(Date.now() + EXIT_GRACE, gone)) ? this.loss() : error;
      }
    }
    await attachment.ready;
    attachment.restoreHold();
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
    return this.worker.condition.failure?.() ?? workerClosed('reconnect', this.init.name);
  }

  /** Resolves when there is a connection. */
  async attachAgain(): Promise<void> {
    const { attachment, condition } = this.worker;
    const { channel, driver } = this.init;
    if (!condition.wasReady) {
      condition.isDisconnected = false;
      return;
    }
    if (channel.reconnect === undefined) throw unsupportedByDriver(driver, 'reconnect()', 'child_process');
    // Where it can be at once, requests of this tick go out over it.
    const connecting = channel.reconnect({ ...this.setup, startupData: undefined });
    const connected = 'then' in connecting ? await this.waitFor(connecting) : connecting;
    if (condition.hasEnded) {
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
