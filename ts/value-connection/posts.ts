import { notSerializable, WorkerError } from '../errors/worker-error.js';
import { printable } from '../util/printable.js';
import { reasonOf } from '../util/safely.js';
import { type Tx } from './wires/wire.js';
import { Kind } from '../protocol/generated.js';

/** After how many posts one side acknowledges them. */
const PORTION = 256;

/** A message that travelled alone, whose value the other side may fail to read. */
interface Post {
  readonly number: number;
  readonly kind: Kind;
  readonly type: string;
  readonly tx: Tx;
}

/**
 * The posts of both sides of a port, by number. A value may be shallow enough to copy here and too deep to read there:
 * then only the number of its post identifies the lost message.
 */
export class Posts {
  private sent = 0;
  private alone: Post[] = [];
  private received = 0;
  private acknowledged = 0;

  /** @param failed - A message of this side that the other could not read. */
  constructor(private readonly failed: (kind: Kind, tx: Tx, error: WorkerError) => void) {}

  /** A batch was posted, whose values are always readable. */
  onBatch(): void {
    this.sent++;
  }

  onAlone(kind: Kind, type: string, tx: Tx): void {
    this.alone.push({ number: ++this.sent, kind, type, tx });
  }

  /** A post of the other side has arrived. Returns an acknowledgement to send, if it is time for one. */
  onReceived(): unknown[] | undefined {
    if (++this.received - this.acknowledged < PORTION) return undefined;
    this.acknowledged = this.received;
    return [Kind.Received, '', undefined, this.received];
  }

  /** It has arrived and is unreadable. Returns the record to send. */
  onUnreadable(): unknown[] {
    return [Kind.Unreadable, '', undefined, ++this.received];
  }

  /** The other side has acknowledged posts or reported an unreadable one. */
  onReport(kind: Kind, number: unknown): void {
    if (typeof number !== 'number') return;
    const post = kind === Kind.Unreadable ? this.alone.find((each) => each.number === number) : undefined;
    this.alone = this.alone.filter((each) => each.number > number);
    if (post !== undefined) this.failed(post.kind, post.tx, unreadable(post));
  }
}

function unreadable({ kind, type }: Post): WorkerError {
  const what = kind === Kind.Result ? `the result of "${type}"` : type === '' ? 'a message' : `"${type}"`;
  return notSerializable(
    what,
    'structured clone',
    'the other side cannot read it; it is nested too deeply. Send it flatter.',
  );
}

/** The error of a value that cannot be deserialised here. */
export function unreadableHere(cause: unknown): WorkerError {
  const text = `an incoming message cannot be deserialised: ${printable(reasonOf(cause), 200)}. If it is nested deeply, send it flatter.`;
  return new WorkerError('ERR_MALFORMED_MESSAGE', text, { cause });
}
