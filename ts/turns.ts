/** How many messages may wait before nothing more is read; and how much their payloads may have, in bytes or characters. */
const MOST_WAITING = 1024;
const MOST_BYTES = 16 * 1024 * 1024;

interface Turn {
  readonly size: number;
  act(): void;
}

/** What brings messages, where it can leave some with the host for a while. */
export interface Readable {
  setReading(reading: boolean): void;
}

/** Whose turn it is to run a handler: so many at once, the others wait in the order in which they came. */
export class Turns {
  /** Whether what comes now has to wait. */
  isBusy = false;
  private running = 0;
  /** The host does not take the answers. */
  private isHeld = false;
  private isPaused = false;
  private waiting: Turn[] = [];
  /** How many of `waiting` have had their turn. */
  private done = 0;
  private bytes = 0;
  private source: Readable | undefined;
  private onFreed: (() => void)[] = [];

  constructor(private readonly most: number) {}

  /** From now on this is what brings messages. */
  attach(source: Readable): void {
    this.source = source;
    if (this.isPaused) source.setReading(false);
    this.release();
  }

  get size(): number {
    return this.waiting.length - this.done;
  }

  /** Calls `act` when it has its turn. */
  wait(size: number, act: () => void): void {
    this.waiting.push({ size, act });
    this.bytes += size;
    this.update();
  }

  /** A handler has begun that is not done yet. */
  begin(): void {
    this.running++;
    this.update();
  }

  /** It is done. */
  end(): void {
    this.running--;
    this.next();
  }

  /** Nothing more begins until `release`. */
  hold(): void {
    this.isHeld = true;
    this.update();
  }

  release(): void {
    this.isHeld = false;
    this.next();
    for (const told of this.onFreed.splice(0)) told();
  }

  /** Resolves when it is no longer held. */
  async freed(): Promise<void> {
    if (this.isHeld) await new Promise<void>((resolve) => this.onFreed.push(resolve));
  }

  private next(): void {
    while (this.size > 0 && !this.isHeld && this.running < this.most) {
      const turn = this.waiting[this.done] as Turn;
      (this.waiting as (Turn | undefined)[])[this.done++] = undefined;
      if (this.done >= MOST_WAITING || this.done === this.waiting.length) {
        this.waiting = this.waiting.slice(this.done);
        this.done = 0;
      }
      this.bytes -= turn.size;
      turn.act();
    }
    this.update();
  }

  private update(): void {
    this.isBusy = this.isHeld || this.running >= this.most || this.size > 0;
    const part = this.isPaused ? 0.5 : 1;
    const isMuch = this.size >= MOST_WAITING * part || this.bytes >= MOST_BYTES * part;
    if (isMuch === this.isPaused) return;
    this.isPaused = isMuch;
    this.source?.setReading(!isMuch);
  }
}
