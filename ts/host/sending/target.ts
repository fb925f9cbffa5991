import { placeError } from '../../errors/place-error.js';
import { workerClosed } from '../../errors/host-errors.js';
import type { OutgoingRequest } from '../../requests/outgoing-request.js';
import { unlessAborted } from '../../requests/request-options.js';
import type { WorkerInstance } from '../instance/instance.js';
import { Supervisor } from '../supervisor.js';
import type { WorkerInit } from '../worker-init.js';
import type { Retryable } from './retry-queue.js';
import { sendWhenConnected, type WhenConnected } from './when-connected.js';

/** The worker to which messages are sent, whichever process or thread serves it: sends each request once. */
export class SendTarget implements Retryable {
  readonly name: string;
  readonly supervisor: Supervisor;
  /** How many requests wait for a worker that is being started again, or connected to. */
  held = 0;

  /** @param onSettled - Called when a request that has waited has its outcome. */
  constructor(
    readonly init: WorkerInit,
    readonly onSettled: () => void,
  ) {
    this.name = init.name;
    this.supervisor = new Supervisor(init);
  }

  get current(): WorkerInstance {
    return this.supervisor.current;
  }

  get isClosing(): boolean {
    return this.supervisor.isClosing;
  }

  get isLost(): boolean {
    return this.supervisor.isLost;
  }

  /** What is sent now waits: another worker is to take the place of one that was ended in good order. */
  get isRenewing(): boolean {
    const { supervisor, init } = this;
    if (!supervisor.isRenewing && supervisor.isClosing && init.startOnDemand) {
      supervisor.renew(() => this.current.shutdown.terminate()).catch(() => {});
    }
    return supervisor.isRenewing;
  }

  ensureRunning(): Promise<void> {
    return this.supervisor.ensureRunning();
  }

  keep({ payload, type }: OutgoingRequest): () => unknown {
    return this.init.keep(payload, type);
  }

  timeoutOf(request: OutgoingRequest): number {
    return this.init.timeoutOf(request);
  }

  isDebugged(): boolean {
    return this.init.isDebugged(this.current.channel);
  }

  /** The error of a message, which says where it belongs. */
  placed(error: unknown, messageType: unknown): unknown {
    const { pid } = this.current.channel;
    const type = typeof messageType === 'string' ? messageType : undefined;
    return placeError(error, { worker: this.name, pid, messageType: type });
  }

  failing(type: string): (error: unknown) => never {
    return (error) => {
      throw this.placed(error, type);
    };
  }

  sendOnce(request: OutgoingRequest): Promise<unknown> {
    const { current, isClosing } = this.supervisor;
    if (isClosing || !current.isActive) return this.sendLater(request).catch(this.failing(request.type));
    return current.requests.send(request);
  }

  private async sendLater(request: OutgoingRequest): Promise<unknown> {
    const { type } = request;
    if (this.isClosing) throw workerClosed(`send "${type}"`, this.name);
    const { underWay: reconnecting } = this.current.reconnection;
    const refusal = () => this.current.refusal('send', type);
    if (reconnecting === undefined) throw await refusal();
    const send = (again: OutgoingRequest) => this.sendOnce(again);
    return this.sendWhen((act) => reconnecting.then(act), request, send, refusal);
  }

  /** Sends when there is a connection; `refusal` has the error where that fails, which is otherwise what it fails with. */
  async sendWhen(
    whenConnected: WhenConnected,
    request: OutgoingRequest,
    send: (again: OutgoingRequest) => Promise<unknown>,
    refusal?: () => Promise<Error>,
  ): Promise<unknown> {
    const { payload, transfer, terms } = request;
    let isHeld = true;
    this.held++;
    const leave = () => {
      if (isHeld) this.held--;
      isHeld = false;
    };
    try {
      const sent = sendWhenConnected(whenConnected, {
        request,
        worker: this.name,
        // What is moved stays where it is until then.
        copy: transfer === undefined ? this.keep(request) : () => payload,
        timeout: this.timeoutOf(request),
        isDebugged: () => this.isDebugged(),
        send(again) {
          leave();
          return send(again);
        },
        refusal,
      });
      return await unlessAborted(terms?.signal, sent);
    } finally {
      leave();
      this.onSettled();
    }
  }
}
