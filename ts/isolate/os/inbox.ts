interface Message {
  readonly data: unknown;
  readonly bytes: number;
}

/** Messages of a worker that its host has not handled yet. */
export class Inbox {
  private readonly messages: Message[] = [];
  /** What they had as bytes. */
  bytes = 0;

  get size(): number {
    return this.messages.length;
  }

  add(data: unknown, bytes: number): void {
    // Each costs something, also one of few bytes.
    const message = { data, bytes: bytes + OVERHEAD };
    this.messages.push(message);
    this.bytes += message.bytes;
  }

  take(): unknown {
    const first = this.messages.shift();
    this.bytes -= first?.bytes ?? 0;
    return first?.data;
  }

  clear(): void {
    this.messages.length = 0;
    this.bytes = 0;
  }
}

/** About the memory of a message beside its data. */
const OVERHEAD = 64;
