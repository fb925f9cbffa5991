import type { NatsConnection } from '@nats-io/transport-node';

import { connect } from './client.js';
import type { Settings } from './options.js';

/** The client library's own pings keep an event loop alive; each session has heartbeats of its own. */
const NO_PINGS = 2 ** 31 - 1;

/** The one connection of a driver to the broker, which is there while a session needs it. */
export class SharedConnection {
  private opening: Promise<NatsConnection> | undefined;
  private current: NatsConnection | undefined;
  private users = 0;
  private holders = 0;

  constructor(private readonly settings: Settings) {}

  /** Each caller must call `release`. */
  async acquire(): Promise<NatsConnection> {
    this.users++;
    this.opening ??= this.open();
    try {
      return await this.opening;
    } catch (error) {
      this.release();
      throw error;
    }
  }

  release(): void {
    if (--this.users > 0) return;
    const { opening } = this;
    this.opening = undefined;
    this.current = undefined;
    opening?.then((connection) => connection.close()).catch(() => {});
  }

  /** Whether one more session, or one less, keeps the event loop alive. */
  hold(isHeld: boolean): void {
    this.holders += isHeld ? 1 : -1;
    this.applyHold();
  }

  private async open(): Promise<NatsConnection> {
    const connection = await connect({ pingInterval: NO_PINGS, ...this.settings.connection });
    this.current = connection;
    const forget = () => {
      if (this.current === connection) this.opening = this.current = undefined;
    };
    void connection.closed().then(forget);
    void this.followReconnects(connection);
    return connection;
  }

  private async followReconnects(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) if (type === 'reconnect') this.applyHold();
  }

  /**
   * The client library has no method for it. Where its inside has another shape, an idle worker keeps the host alive until it is
   * closed.
   */
  private applyHold(): void {
    const { protocol } = (this.current ?? {}) as { protocol?: Inside };
    for (const handle of [protocol?.transport?.socket, protocol?.heartbeats?.timer]) {
      if (this.holders > 0) handle?.ref?.();
      else handle?.unref?.();
    }
  }
}

interface Handle {
  ref?(): void;
  unref?(): void;
}

interface Inside {
  readonly transport?: { readonly socket?: Handle };
  readonly heartbeats?: { readonly timer?: Handle };
}
