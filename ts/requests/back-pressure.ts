import { noCapacity } from '../errors/host-errors.js';
import type { Waiting } from './backlog.js';
import type { RequestChunks } from './chunks.js';
import { type OpenRequests, watchSignal } from './open-requests.js';
import { type Aborter, Extras, type OutgoingRequest } from './outgoing-request.js';
import { Kind } from '../protocol/generated.js';

/** The capacity of the output; messages without capacity wait. */
export class BackPressure {
  constructor(
    private readonly requests: OpenRequests,
    private readonly chunks: RequestChunks,
    private readonly aborter: Aborter,
  ) {}

  /** How many sent bytes the system has not accepted yet. */
  get pendingBytes(): number {
    const { connection, backlog } = this.requests;
    return connection.pendingBytes + backlog.bytes;
  }

  private get isDrained(): boolean {
    return this.pendingBytes <= this.requests.options.maxPendingBytes / 2;
  }

  /** Resolves when at most half of the allowed bytes waits. */
  async drained(): Promise<void> {
    if (this.isDrained) return;
    this.requests.connection.requestCapacity();
    await this.requests.backlog.whenDrained();
  }

  /** Begins a transaction whose message waits. */
  beginLater(request: OutgoingRequest, encoded: unknown): void {
    const { requests } = this;
    const { type, timeout, transfer } = request;
    const extras = (request.extras ??= new Extras(this.aborter, request));
    this.checkWaits(type);
    const slot = requests.submit(() => requests.connection.reserve(type, undefined, timeout, Kind.Request));
    requests.assign(slot, request);
    watchSignal(request);
    extras.isSent = false;
    requests.backlog.add(slot, { type, encoded, transfer });
    requests.connection.requestCapacity();
  }

  /** The message of a begun transaction waits. */
  sendLater(slot: number, message: Waiting): void {
    const { backlog, connection } = this.requests;
    this.checkWaits(message.type);
    backlog.add(slot, message);
    connection.requestCapacity();
  }

  private checkWaits(type: string): void {
    const { whenFull, peer, maxPendingBytes } = this.requests.options;
    if (whenFull === 'reject') throw noCapacity('send', type, peer, maxPendingBytes);
  }

  /** There is capacity again: waiting messages go first, in the order of the calls. */
  onDrain(): void {
    const { requests, chunks } = this;
    const { backlog, connection } = requests;
    for (let next = backlog.first(); next !== undefined; next = backlog.first()) {
      const [slot, { type, encoded, transfer }] = next;
      try {
        const request = requests.bySlot[slot];
        const submit = () => connection.submit(slot, type, encoded, transfer);
        if (!requests.submitWith(request?.terms?.carrier, submit)) break;
        chunks.start(request);
      } catch (error) {
        requests.failUnsent(slot, error);
      }
      backlog.drop(slot);
    }
    if (this.isDrained) backlog.drained();
    if (!backlog.isEmpty || backlog.isAwaited) connection.requestCapacity();
  }
}
