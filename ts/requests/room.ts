import { RequestKind } from '../connection.js';
import { noRoom } from '../host-errors.js';
import type { TransferList } from '../types/transfer-list.js';
import type { Waiting } from './backlog.js';
import type { RequestChunks } from './chunks.js';
import { type OpenRequests, watchSignal } from './open-requests.js';
import { Extras, Pending } from './pending.js';

/** How much room there is in the output; what is sent where there is none waits for it. */
export class Room {
  constructor(
    private readonly requests: OpenRequests,
    private readonly chunks: RequestChunks,
  ) {}

  /** How much was sent and not taken by the system yet. */
  get pendingBytes(): number {
    const { connection, backlog } = this.requests;
    return connection.pendingBytes + backlog.bytes;
  }

  private get isDrained(): boolean {
    return this.pendingBytes <= this.requests.options.maxPendingBytes / 2;
  }

  /** Resolves when no more than half of what may wait does. */
  async drained(): Promise<void> {
    if (this.isDrained) return;
    this.requests.connection.wantRoom();
    await this.requests.backlog.whenDrained();
  }

  /** The transaction begins, its message waits. */
  beginLater(light: Pending, encoded: unknown, timeout: number, transfer: TransferList | undefined): void {
    const { requests } = this;
    const { type, resolve, reject } = light;
    const extras = light.extras ?? new Extras(requests, undefined);
    const pending = new Pending(type, resolve, reject, extras);
    this.checkWaits(type);
    const slot = requests.submit(() => requests.connection.reserve(type, undefined, timeout, RequestKind.Request));
    requests.assign(slot, pending);
    watchSignal(pending, extras);
    extras.isSent = false;
    requests.backlog.add(slot, { type, encoded, transfer });
    requests.connection.wantRoom();
  }

  /** The message of a transaction that has begun waits. */
  sendLater(slot: number, message: Waiting): void {
    const { backlog, connection } = this.requests;
    this.checkWaits(message.type);
    backlog.add(slot, message);
    connection.wantRoom();
  }

  private checkWaits(type: string): void {
    const { whenFull, peer, maxPendingBytes } = this.requests.options;
    if (whenFull === 'reject') throw noRoom('send', type, peer, maxPendingBytes);
  }

  /** There is room again. In the order of the calls: what waits goes first. */
  onRoom(): void {
    const { requests, chunks } = this;
    const { backlog, connection } = requests;
    for (let next = backlog.first(); next !== undefined; next = backlog.first()) {
      const [slot, { type, encoded, transfer }] = next;
      try {
        const pending = requests.pending[slot];
        const submit = () => connection.submit(slot, type, encoded, transfer);
        if (!requests.submitWith(pending?.extras?.terms?.carrier, submit)) break;
        chunks.start(pending);
      } catch (error) {
        requests.failUnsent(slot, error);
      }
      backlog.drop(slot);
    }
    if (backlog.isEmpty) chunks.onRoom();
    if (this.isDrained) backlog.drained();
    if (!backlog.isEmpty || backlog.isAwaited) connection.wantRoom();
  }
}
