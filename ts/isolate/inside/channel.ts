// The worker's end of the connection of an isolate.
import { WorkerError } from '../../errors/worker-error.js';
import type { DriverMessage, DriverServerChannel } from '../../types/driver.js';
import type { RemoteErrorPayload } from '../../types/message.js';
import type { ShutdownReason } from '../../types/shutdown-reason.js';
import { Kind, KIND_NAMES } from '../../protocol/generated.js';
import { DriverWorkerChannel } from '../../worker/channels/custom.js';
import { parseHandshake, readStartupData } from '../../value-connection/handshake.js';
import { bridge } from './bridge.js';
import type { TransferList } from '../../types/transfer-list.js';
import { holds, onReply } from './host-functions.js';
import { isOverflow } from './overflow.js';
import { checkMovable, detach } from './transfer.js';

const ERROR = KIND_NAMES.get(Kind.Error);
const FATAL = KIND_NAMES.get(Kind.Fatal);

type Listener = (message: DriverMessage) => void;

class End implements DriverServerChannel {
  readonly isConnected = true;
  private readonly early: DriverMessage[] = [];
  private listener: Listener | undefined;
  /** Until the host has connected, and from the start of a server. */
  private isReferenced = true;

  constructor(onFirst: () => void) {
    let isFirst = true;
    holds.change = () => this.hold();
    this.hold();
    bridge.onMessage((message) => {
      if (typeof message[0] === 'number') return onReply(message);
      const [type, tx, payload, kind, context] = message;
      const received = { type, tx, payload, kind, context } as DriverMessage;
      if (this.listener === undefined) this.early.push(received);
      else this.listener(received);
      if (!isFirst) return;
      isFirst = false;
      this.unref();
      onFirst();
    });
  }

  /** The host's handshake is the first message. */
  get first(): unknown {
    return this.early[0]?.payload;
  }

  send({ type, tx, payload, kind, context }: DriverMessage, transfer: TransferList = []): void {
    checkMovable(transfer);
    if (kind === ERROR && isOverflow(payload)) bridge.overflowStack();
    const size = bridge.send([type, tx, payload, kind, context]);
    if (size === 0) return detach(transfer);
    throw new WorkerError(
      'ERR_MESSAGE_TOO_LARGE',
      `"${type}" has ${size} bytes, and the limit of this isolate is ${bridge.maxResultBytes}. Raise its \`limits.maxResultBytes\`, ` +
        'or send less at once.',
    );
  }

  onMessage(listener: Listener): void {
    this.listener = listener;
    for (const message of this.early.splice(0)) listener(message);
  }

  onError(): void {}

  /** The end of the host ends the isolate. */
  onClose(_listener: (reason: ShutdownReason) => void): void {}

  async close(): Promise<void> {}

  ref(): void {
    this.isReferenced = true;
    this.hold();
  }

  unref(): void {
    this.isReferenced = false;
    this.hold();
  }

  private hold(): void {
    bridge.keep(this.isReferenced || holds.any);
  }
}

/** The channel of this isolate. */
export class IsolateWorkerChannel extends DriverWorkerChannel {
  private readonly handshake: () => unknown;
  private readonly sendFatal: (error: RemoteErrorPayload) => void;
  private early: { readonly value: unknown } | undefined;

  /** @param onFirst - The host has connected. */
  constructor(onFirst: () => void) {
    const end = new End(onFirst);
    super('isolate', end, true, false);
    this.handshake = () => end.first;
    this.sendFatal = (payload) => end.send({ type: '', kind: FATAL, payload });
  }

  /** Also without a server. */
  override reportFatal(error: RemoteErrorPayload): void {
    this.sendFatal(error);
  }

  /** Also before the server starts. */
  override startupData(): unknown {
    const first = this.handshake();
    if (first !== undefined) this.early ??= { value: readStartupData(parseHandshake(first, 'host')) };
    return this.early === undefined ? super.startupData() : this.early.value;
  }
}
