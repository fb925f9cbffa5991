import type { NatsConnection } from '@nats-io/transport-node';

/** After so many bytes the broker is asked whether it has them. */
const STEP = 512 * 1024;
/** With so many bytes under way, sources that can wait should wait; they go on with half of it. */
const FULL = 8 * 1024 * 1024;

/** What a connection sends, with the number of bytes that the broker has not confirmed: the client library keeps any number. */
export class Outflow {
  private unconfirmed = 0;
  /** The bytes of which the broker was asked. */
  private asked = 0;
  private readonly paused = new Set<() => void>();

  constructor(private readonly connection: NatsConnection) {}

  /** How many bytes the broker may not have yet. */
  get waiting(): number {
    return this.unconfirmed + this.asked;
  }

  get isFull(): boolean {
    return this.waiting > FULL;
  }

  publish(subject: string, bytes: Uint8Array): void {
    if (this.connection.isClosed()) return;
    this.connection.publish(subject, bytes);
    this.unconfirmed += bytes.length;
    this.ask();
  }

  /** Calls back once, when there is room again. */
  onRoom(act: () => void): void {
    this.paused.add(act);
  }

  private ask(): void {
    if (this.unconfirmed < STEP || this.asked > 0) return;
    this.asked = this.unconfirmed;
    this.unconfirmed = 0;
    // An interrupted connection has dropped what it had not sent.
    const confirmed = () => {
      this.asked = 0;
      this.ask();
      if (this.waiting > FULL / 2) return;
      const acts = [...this.paused];
      this.paused.clear();
      for (const act of acts) act();
    };
    this.connection.flush().then(confirmed, confirmed);
  }
}
