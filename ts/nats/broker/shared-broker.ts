import type { WorkerError } from '../../index.js';
import type { Settings } from '../options.js';
import { Broker } from './broker.js';
import { holdLoop } from './inside.js';

/** The one connection of a driver to the broker, which is there while a session needs it. */
export class SharedBroker {
  private opening: Promise<Broker> | undefined;
  private current: Broker | undefined;
  private users = 0;
  private holders = 0;
  private readonly refusals = new Map<string, (error: WorkerError) => void>();

  /** The servers that the last connection named: one of them may run when those that the program named do not. */
  private cluster: ReadonlySet<string> = new Set();

  constructor(private readonly settings: Settings) {}

  /** Each caller must call `release`. */
  async acquire(): Promise<Broker> {
    this.users++;
    const opening = (this.opening ??= this.open());
    try {
      return await opening;
    } catch (error) {
      if (this.opening === opening) this.opening = undefined;
      this.release();
      throw error;
    }
  }

  release(): void {
    if (--this.users > 0) return;
    const { opening } = this;
    this.opening = undefined;
    this.current = undefined;
    opening?.then(({ connection }) => connection.close()).catch(() => {});
  }

  /** Whether one more session, or one less, keeps the event loop alive. */
  hold(isHeld: boolean): void {
    this.holders += isHeld ? 1 : -1;
    this.applyHold();
  }

  /** Calls back when the broker refuses to take messages of a subject. */
  onRefused(subject: string, act: (error: WorkerError) => void): void {
    this.refusals.set(subject, act);
  }

  forget(subject: string): void {
    this.refusals.delete(subject);
  }

  private async open(): Promise<Broker> {
    const broker = await Broker.connect(this.withCluster());
    this.current = broker;
    this.cluster = broker.cluster;
    broker.onReconnect = () => this.applyHold();
    broker.onRefused = (subject, error) => this.refusals.get(subject)?.(error);
    void broker.closed.then(() => {
      if (this.current === broker) this.opening = this.current = undefined;
    });
    return broker;
  }

  private withCluster(): Settings {
    const { settings, cluster } = this;
    const { servers = [], ignoreClusterUpdates = false } = settings.connection;
    if (cluster.size === 0 || ignoreClusterUpdates || servers.length === 0) return settings;
    return { ...settings, connection: { ...settings.connection, servers: [...[servers].flat(), ...cluster] } };
  }

  private applyHold(): void {
    holdLoop(this.current?.connection, this.holders > 0);
  }
}
