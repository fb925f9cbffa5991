import type { Ending } from '../drivers/host-channel.js';
import type { WorkerError } from '../errors.js';
import { workerClosed } from '../host-errors.js';
import type { Incarnation, IncarnationInit } from '../incarnation.js';
import { within } from '../within.js';
import { finish } from './failures.js';

/** How long SIGTERM may take before SIGKILL, in milliseconds. */
const TERMINATE_GRACE = 1000;

/** The end of a worker that somebody has asked for. */
export class Shutdown {
  private resolveLeft!: (ending: Ending) => void;
  /** Resolves when it is left to another host. */
  private readonly left: Promise<Ending>;

  constructor(
    private readonly worker: Incarnation,
    private readonly init: IncarnationInit,
  ) {
    this.left = new Promise((resolve) => (this.resolveLeft = resolve));
  }

  /** Lets requests end, or rejects them, then asks the worker to stop, then makes it. */
  async close(timeout: number, pending: 'finish' | 'reject'): Promise<Ending> {
    const { worker, init, left } = this;
    const { attachment, condition, gone } = worker;
    const { channel, requests } = init;
    if (condition.hasEnded) return gone;
    const deadline = Date.now() + (timeout === 0 ? Infinity : timeout);
    condition.isClosing = true;
    init.log('debug', 'closing');
    channel.setRef(true);
    if (await this.canAsk(deadline)) {
      const { connection } = requests;
      connection.setHold(1);
      if (pending === 'reject') requests.failAll((type) => workerClosed(finish(type), init.name));
      await within(deadline, Promise.race([this.drained(), left]));
      if (condition.hasLeft) return left;
      connection.askToClose();
      attachment.flush();
      channel.askToEnd();
    } else if (!condition.hasLeft) {
      channel.kill('SIGTERM');
    }
    if (!(await within(deadline, Promise.race([gone, left])))) {
      init.log('warn', `did not stop within ${timeout} ms; terminating it`);
      await this.terminate();
    }
    return condition.hasLeft ? left : gone;
  }

  /** Connects again where need be: the worker is to end in good order. It does not where another host has it. */
  private async canAsk(deadline: number): Promise<boolean> {
    const { condition, reconnection } = this.worker;
    if (!condition.isDisconnected) return true;
    try {
      return await within(deadline, reconnection.underWay ?? reconnection.attachAgain());
    } catch (error) {
      if ((error as WorkerError).code === 'ERR_WORKER_OCCUPIED' && !condition.isForced) this.leaveToOther();
      return false;
    }
  }

  /** A detached worker that another host uses is that one's to end. */
  leaveToOther(): void {
    const { attachment, condition } = this.worker;
    const { channel, requests, log, name } = this.init;
    log('debug', 'left to another host');
    condition.hasLeft = true;
    condition.isConnected = false;
    requests.failAll((type) => workerClosed(finish(type), name));
    void attachment.close();
    channel.release?.();
    channel.setRef(false);
    this.resolveLeft({ reason: { type: 'close' } });
  }

  /** Ends the worker at once. */
  async terminate(): Promise<Ending> {
    const { gone } = this.worker;
    if (this.force('SIGTERM') && !(await within(Date.now() + TERMINATE_GRACE, gone))) this.init.channel.kill('SIGKILL');
    return gone;
  }

  /** The same without asking first. */
  kill(): Promise<Ending> {
    this.force('SIGKILL');
    return this.worker.gone;
  }

  /** `false`: it has ended before. */
  private force(signal: 'SIGTERM' | 'SIGKILL'): boolean {
    const { condition } = this.worker;
    const { channel } = this.init;
    condition.isClosing = condition.isForced = true;
    if (condition.hasEnded) return false;
    channel.setRef(true);
    channel.kill(signal);
    return true;
  }

  /** Resolves when all that was sent has been written, and no request is in flight. */
  private async drained(): Promise<void> {
    const { requests } = this.init;
    await requests.outgoingDrained();
    if (requests.connection.inFlight > 0) await new Promise<void>((resolve) => (requests.onIdle = resolve));
    await requests.incomingDrained();
  }
}
