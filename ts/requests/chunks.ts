import { carriesMore } from '../codecs/codec.js';
import { encodeError } from '../errors/encode-remote-error.js';
import type { StreamAnswer } from '../streams/response-stream.js';
import { ChunkWriter } from '../streams/chunk-writer.js';
import type { Source } from '../streams/source.js';
import { unwrap } from '../messages/with-transfer.js';
import type { OpenRequests } from './open-requests.js';
import type { Aborter, Extras, OutgoingRequest } from './outgoing-request.js';

/** The chunks that follow requests, and those that precede their outcomes. */
export class RequestChunks {
  /** The requests that send chunks. */
  private readonly writers = new Set<ChunkWriter>();

  constructor(
    private readonly requests: OpenRequests,
    private readonly aborter: Aborter,
  ) {}

  /** Chunks of the source will follow the request's message. */
  expectInput(request: OutgoingRequest, extras: Extras, source: Source): void {
    const { requests } = this;
    const { codec } = requests.options;
    const { type } = request;
    extras.writer = new ChunkWriter(source, {
      write: (chunk) => {
        const [value, transfer] = unwrap(chunk);
        const encoded = codec.encode(value, `a chunk of the input of "${type}"`);
        return requests.submit(() => requests.connection.input(request.slot, encoded, transfer));
      },
      end: () => requests.submit(() => requests.connection.endInput(request.slot, undefined)),
      fail: (error) =>
        requests.submit(() => requests.connection.endInput(request.slot, encodeError(error, carriesMore(codec)))),
    });
  }

  /** Its message was sent: chunks may follow. */
  start(request: OutgoingRequest | undefined): void {
    const extras = request?.extras;
    if (extras === undefined) return;
    extras.isSent = true;
    const { writer } = extras;
    if (writer === undefined) return;
    this.writers.add(writer);
    void writer.run().then(() => this.writers.delete(writer));
  }

  /** There is capacity for more. */
  onWritable(): void {
    for (const writer of this.writers) writer.capacity();
  }

  /** Chunks may precede the request's outcome. */
  expectOutput(request: OutgoingRequest, extras: Extras, answer: StreamAnswer): void {
    const { requests } = this;
    extras.answer = answer;
    answer.reader.check = requests.options.checks?.find('stream', request.type);
    answer.begin({
      grant: (units) => {
        if (requests.bySlot[request.slot] !== request) return;
        requests.connection.credit(request.slot, units);
        requests.scheduleFlush();
      },
      leave: (reason) => this.aborter.abort(request, reason),
    });
  }
}
