import type { NatsConnection } from '@nats-io/transport-node';

import type { WorkerError } from '../../index.js';
import { clearInterval, now, setInterval } from '../../util/primordials.js';
import type { Settings } from '../options.js';
import { connect } from './client.js';
import { lost, refusal } from './errors.js';
import { breakOff } from './inside.js';
import { Outflow } from './outflow.js';

/** The client library's own pings keep an event loop alive; those of this file do not. */
const NO_PINGS = 2 ** 31 - 1;
/** The pause before the first attempt to connect again, in milliseconds. Each is half of the time since the connection was lost. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5000;
/** How long one attempt to connect may take, in milliseconds: as long as the heartbeat allows, within these bounds. */
const SHORTEST_ATTEMPT = 2000;
const LONGEST_ATTEMPT = 20_000;

/** A connection to the broker that comes back: it notices that the broker is silent, and connects again with growing pauses. */
export class Broker {
  readonly outflow: Outflow;
  /** Resolves when the connection has ended for good; with the reason, if the program did not ask for it. */
  readonly closed: Promise<WorkerError | undefined>;
  /** Called with each subject that the broker refuses to this side. */
  onRefused: (subject: string, error: WorkerError) => void = () => {};
  /** The broker, or another one of its cluster, knows the subscriptions again. */
  onReconnect: () => void = () => {};
  /** The addresses of the servers of the cluster, as they have told them. */
  readonly cluster: Set<string>;
  private readonly pings: NodeJS.Timeout;
  private isAwaited = false;
  private silent = 0;
  /** The number of messages that had come when it last looked. */
  private heard = 0;

  /** Use `Broker.connect`. */
  private constructor(
    readonly connection: NatsConnection,
    private readonly outage: Outage,
    private readonly settings: Settings,
  ) {
    this.outflow = new Outflow(connection);
    this.cluster = new Set(connection.info?.connect_urls);
    this.pings = setInterval(() => this.ping(), settings.interval);
    this.pings.unref();
    this.closed = connection.closed().then((reason) => {
      clearInterval(this.pings);
      return reason instanceof Error ? lost(settings.addresses, reason) : undefined;
    });
    void this.follow();
  }

  /** @throws `ERR_PACKAGE_MISSING`, `ERR_NOT_AUTHORIZED`, `ERR_DRIVER_FAILED`. */
  static async connect(settings: Settings): Promise<Broker> {
    const outage = new Outage();
    const attempt = Math.min(LONGEST_ATTEMPT, Math.max(SHORTEST_ATTEMPT, settings.silentBeats * settings.interval));
    const options = {
      pingInterval: NO_PINGS,
      maxReconnectAttempts: -1,
      timeout: attempt,
      ...(hasPause(settings.connection) ? {} : { reconnectDelayHandler: () => outage.pause() }),
      ...settings.connection,
    };
    return new Broker(await connect(options, settings.addresses), outage, settings);
  }

  /** Whether there is a connection: what is sent without one is lost. */
  get isConnected(): boolean {
    return !this.outage.isOn;
  }

  /** Whether the broker has answered lately. */
  get isReachable(): boolean {
    return !this.outage.isOn && this.silent === 0;
  }

  /** Resolves when the broker has handled what was sent so far, or the connection is interrupted. */
  async flush(): Promise<void> {
    await this.connection.flush().catch(() => {});
  }

  /** A broker whose machine has vanished ends no connection. */
  private ping(): void {
    if (this.outage.isOn || this.connection.isClosed()) return;
    const { inMsgs } = this.connection.stats();
    const hasHeard = inMsgs !== this.heard;
    this.heard = inMsgs;
    if (!this.isAwaited) {
      this.isAwaited = true;
      const answered = () => {
        this.isAwaited = false;
        this.silent = 0;
      };
      this.connection.flush().then(answered, answered);
    } else if (hasHeard) {
      // The answer waits behind what this side sends.
      this.silent = 0;
    } else if (++this.silent >= this.settings.silentBeats) {
      this.silent = 0;
      breakOff(this.connection);
    }
  }

  private async follow(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === 'disconnect') this.outage.begin();
      else if (status.type === 'reconnect') {
        this.outage.end();
        this.onReconnect();
      } else if (status.type === 'update') {
        for (const address of status.added ?? []) this.cluster.add(address);
        for (const address of status.deleted ?? []) this.cluster.delete(address);
      } else if (status.type === 'error') {
        const { operation, subject } = status.error as { operation?: string; subject?: string };
        if (operation !== undefined && subject !== undefined) this.onRefused(subject, refusal(operation, subject));
      }
    }
  }
}

/** The time in which there is no connection. */
class Outage {
  private since: number | undefined;

  get isOn(): boolean {
    return this.since !== undefined;
  }

  begin(): void {
    this.since ??= now();
  }

  end(): void {
    this.since = undefined;
  }

  /** Up to a quarter of it is random: the clients of a broker that restarts do not come back all at once. */
  pause(): number {
    const half = (now() - (this.since ?? now())) / 2;
    return Math.min(LONGEST_PAUSE, Math.max(FIRST_PAUSE, half)) * (0.75 + Math.random() / 4);
  }
}

/** The program has set the pauses itself. */
function hasPause(options: object): boolean {
  return ['reconnectTimeWait', 'reconnectDelayHandler', 'reconnectToServer'].some((name) => name in options);
}
