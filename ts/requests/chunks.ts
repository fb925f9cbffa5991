import { encodeError } from '../remote-error.js';
import type { StreamAnswer } from '../stream-answer.js';
import { ChunkWriter } from '../streams/chunk-writer.js';
import type { Source } from '../streams/source.js';
import { Transferred } from '../transferred.js';
import type { OpenRequests } from './open-requests.js';
import type { Extras, Pending } from './pending.js';

/** The chunks that follow requests, and those that precede their outcomes. */
export class RequestChunks {
  /** Those that send chunks. */
  private readonly writers = new Set<ChunkWriter>();

  constructor(private readonly requests: OpenRequests) {}

  /** Chunks of the source will follow the request's message. */
  expectInput(pending: Pending, extras: Extras, source: Source): void {
    const { requests } = this;
    const { codec } = requests.options;
    const { type } = pending;
    extras.writer = new ChunkWriter(source, {
      write: (chunk) => {
        const [value, transfer] = chunk instanceof Transferred ? [chunk.value, chunk.transfer] : [chunk, undefined];
        const encoded = codec.encode(value, `a chunk of the input of "${type}"`);
        const cost = requests.submit(() => requests.connection.input(pending.slot, encoded, transfer));
        if (cost < 0) requests.connection.wantRoom();
        return cost;
      },
      end: () => requests.submit(() => requests.connection.endInput(pending.slot, undefined)),
      fail: (error) => requests.submit(() => requests.connection.endInput(pending.slot, encodeError(error))),
    });
  }

  /** Its message is on its way: chunks may follow. */
  start(pending: Pending | undefined): void {
    const extras = pending?.extras;
    if (extras === undefined) return;
    extras.isSent = true;
    const { writer } = extras;
    if (writer === undefined) return;
    this.writers.add(writer);
    void writer.run().then(() => this.writers.delete(writer));
  }

  /** There is room for more. */
  onRoom(): void {
    for (const writer of this.writers) writer.room();
  }

  /** Chunks may precede the request's outcome. */
  expectOutput(pending: Pending, extras: Extras, answer: StreamAnswer): void {
    const { requests } = this;
    extras.answer = answer;
    answer.reader.check = requests.options.checks?.find('stream', pending.type);
    answer.begin({
      grant: (units) => {
        if (requests.pending[pending.slot] !== pending) return;
        requests.connection.credit(pending.slot, units);
        requests.scheduleFlush();
      },
      leave: (reason) => requests.abort(pending, reason),
    });
  }
}
