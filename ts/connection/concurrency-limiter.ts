import { GRANT_WINDOW } from '../protocol/generated.js';
import { HandlerCount, type MessageQueue } from './handler-count.js';

/** The change of waiting messages, or bytes or characters of payloads, after which the limiter reports. */
const REPORTED_MESSAGES = 64;
const REPORTED_BYTES = 1024 * 1024;
/** After this many messages have begun, the limiter shortens the array of waiting messages. */
const SHORTENED = 1024;

interface WaitingMessage {
  readonly size: number;
  act(): void;
}

/** The source of messages, which grants the other side fewer while many wait. */
export interface MessageSource {
  /** Reports how many delivered messages have not begun, and their bytes or characters of payloads. */
  setWaiting(messages: number, bytes: number): void;
}

/**
 * Limits how many handlers run at once; further messages wait in order. Limiters of several connections may share a count of
 * handlers; their messages then begin in turns.
 */
export class ConcurrencyLimiter implements MessageQueue {
  /** The host does not read the answers. */
  private isHeld = false;
  private waiting: WaitingMessage[] = [];
  /** How many of `waiting` have begun. */
  private done = 0;
  /** Messages that have not begun: the limiter or middleware holds them. */
  private messages = 0;
  private bytes = 0;
  private reported = { messages: 0, bytes: 0 };
  private source: MessageSource | undefined;

  /** @param handlers - Those that run; also of others, if they share it. */
  constructor(
    private readonly most: number,
    private readonly handlers = new HandlerCount(most),
  ) {}

  /** Whether a new message must wait. */
  get isBusy(): boolean {
    return this.isHeld || this.waiting.length > this.done || this.handlers.isFull;
  }

  /** From now on this is the source of messages. */
  attach(source: MessageSource): void {
    this.source = source;
    this.reported = { messages: 0, bytes: 0 };
    this.report();
    this.release();
  }

  /** More messages wait than a peer within its limits would send, even if it cancels them. */
  get isOverfull(): boolean {
    return this.size > 2 * (this.most + GRANT_WINDOW);
  }

  get size(): number {
    return this.waiting.length - this.done;
  }

  /** A message has arrived that does not begin at once. */
  enter(size: number): void {
    this.messages++;
    this.handlers.waiting++;
    this.bytes += size;
    this.report();
  }

  /** Its handler begins, or never will. */
  leave(size: number): void {
    this.messages--;
    this.handlers.waiting--;
    this.bytes -= size;
    this.report();
  }

  /** Calls `act` when a handler may begin and no earlier message waits. */
  wait(size: number, act: () => void): void {
    this.waiting.push({ size, act });
    this.enter(size);
    if (!this.isHeld) this.handlers.add(this);
  }

  /** A handler has begun and has not finished. */
  begin(): void {
    this.handlers.running++;
  }

  /** The handler has finished. */
  end(): void {
    this.handlers.end();
  }

  /** No more handlers begin until `release`. */
  hold(): void {
    this.isHeld = true;
    this.handlers.remove(this);
  }

  release(): void {
    this.isHeld = false;
    if (this.size > 0) this.handlers.add(this);
    this.handlers.next();
  }

  beginNext(): boolean {
    if (this.size === 0 || this.isHeld) return false;
    const next = this.waiting[this.done] as WaitingMessage;
    (this.waiting as (WaitingMessage | undefined)[])[this.done++] = undefined;
    if (this.done >= SHORTENED || this.done === this.waiting.length) {
      this.waiting = this.waiting.slice(this.done);
      this.done = 0;
    }
    this.leave(next.size);
    next.act();
    return this.size > 0 && !this.isHeld;
  }

  /** Reports in steps, and an empty queue at once: so a side that waits for a grant always gets it. */
  private report(): void {
    const { messages, bytes, reported } = this;
    const isFar =
      Math.abs(messages - reported.messages) >= REPORTED_MESSAGES || Math.abs(bytes - reported.bytes) >= REPORTED_BYTES;
    if (!isFar && (messages > 0 || reported.messages === 0)) return;
    this.reported = { messages, bytes };
    this.source?.setWaiting(messages, bytes);
  }
}
