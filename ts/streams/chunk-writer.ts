import { isThenable } from '../util/thenable.js';
import type { Source } from './source.js';
import { STREAM_WINDOW } from '../protocol/generated.js';

/** Receives the chunks of a source. */
export interface Writing {
  /**
   * Sends a chunk; returns its cost in units, negated if the writer should wait for `ChunkWriter.capacity`.
   *
   * @throws If it cannot be sent.
   */
  write(value: unknown): number;
  /** The source has ended. */
  end(value: unknown): void;
  /** The source has failed, or yielded a value that cannot be sent. */
  fail(error: unknown): void;
}

/** Moves chunks out of a source, no more than were granted. */
export class ChunkWriter {
  private balance = STREAM_WINDOW;
  private hasCapacity = true;
  private isOver = false;
  private isStopped = false;
  /** Resolves when the source has stopped. */
  private stopped: Promise<void> | undefined;
  private wake: (() => void) | undefined;

  constructor(
    private readonly source: Source,
    private readonly writing: Writing,
  ) {}

  /** Resolves when the source has ended, which `Writing` learns unless it was stopped before. Never rejects. */
  async run(): Promise<void> {
    const { source, writing } = this;
    try {
      for (;;) {
        if ((this.balance <= 0 || !this.hasCapacity) && !this.isStopped) await this.granted();
        if (this.isStopped) return await this.stopped;
        const next = source.next();
        const { done, value } = isThenable(next) ? await next : next;
        if (this.isStopped) return await this.stopped;
        if (done === true) {
          this.isOver = true;
          return writing.end(value);
        }
        const cost = writing.write(isThenable(value) ? await value : value);
        this.balance -= Math.abs(cost);
        this.hasCapacity = cost > 0;
      }
    } catch (error) {
      if (this.isStopped) return this.stopped;
      this.isOver = true;
      void source.stop();
      writing.fail(error);
    }
  }

  private async granted(): Promise<void> {
    while ((this.balance <= 0 || !this.hasCapacity) && !this.isStopped) {
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  grant(units: number): void {
    this.balance += units;
    this.resume();
  }

  capacity(): void {
    this.hasCapacity = true;
    this.resume();
  }

  private resume(): void {
    const { wake } = this;
    this.wake = undefined;
    wake?.();
  }

  /** The reader has left. */
  stop(): void {
    if (this.isOver || this.isStopped) return;
    this.isStopped = true;
    this.stopped = this.source.stop();
    this.resume();
  }
}
