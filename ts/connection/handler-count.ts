/** Begins the messages that wait in one queue. */
export interface MessageQueue {
  /** Begins the oldest message; returns whether another may begin. */
  beginNext(): boolean;
}

/** How many handlers run, whichever connections have delivered their messages, and the queues that wait for fewer. */
export class HandlerCount {
  running = 0;
  /** Messages that have not begun: a limiter or middleware holds them. */
  waiting = 0;
  /** Each begins one message in its turn. */
  private readonly queues = new Set<MessageQueue>();
  /** Called when the last handler has ended. */
  onIdle: (() => void) | undefined;

  constructor(private readonly most: number) {}

  /** Whether a handler runs, or a message waits for one. */
  get hasWork(): boolean {
    return this.running > 0 || this.waiting > 0;
  }

  get isFull(): boolean {
    return this.running >= this.most;
  }

  /** The queue has messages that may begin. */
  add(queue: MessageQueue): void {
    this.queues.add(queue);
  }

  /** It has none. */
  remove(queue: MessageQueue): void {
    this.queues.delete(queue);
  }

  end(): void {
    this.running--;
    this.next();
    if (this.running === 0) this.onIdle?.();
  }

  next(): void {
    while (this.running < this.most && this.queues.size > 0) {
      const [queue] = this.queues as Iterable<MessageQueue> as [MessageQueue];
      this.queues.delete(queue);
      if (queue.beginNext()) this.queues.add(queue);
    }
  }
}
