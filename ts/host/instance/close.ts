import type { Ending } from '../../drivers/host-channel.js';
import type { WorkerError } from '../../errors/worker-error.js';
import { workerClosed } from '../../errors/host-errors.js';
import type { WorkerInstanceInit, InstanceParts } from './init.js';
import { settlesBy } from '../../util/with-timeout.js';
import { finish } from './errors.js';
import { now } from '../../util/primordials.js';
import { RefMode } from '../../protocol/generated.js';

/** How long SIGTERM may take before SIGKILL, in milliseconds. */
const TERMINATE_GRACE = 1000;

/** The requested end of a worker. */
export class Shutdown {
  private resolveLeft!: (ending: Ending) => void;
  /** Resolves when the worker was released to another host. */
  private readonly left: Promise<Ending>;

  constructor(
    private readonly worker: InstanceParts,
    private readonly init: WorkerInstanceInit,
  ) {
    this.left = new Promise((resolve) => (this.resolveLeft = resolve));
  }

  /** Lets requests finish, or rejects them, then asks the worker to stop, then forces it. */
  async close(timeout: number, pending: 'finish' | 'reject'): Promise<Ending> {
    const { worker, init, left } = this;
    const { attachment, state, gone } = worker;
    const { channel, requests } = init;
    if (state.hasEnded) return gone;
    const deadline = now() + (timeout === 0 ? Infinity : timeout);
    state.close(false);
    init.log('debug', 'closing');
    channel.setRef(true);
    if (await this.canAsk(deadline)) {
      const { connection } = requests;
      connection.setRefMode(RefMode.Always);
      if (pending === 'reject') requests.abortAll((type) => workerClosed(finish(type), init.name));
      await settlesBy(deadline, Promise.race([this.drained(), left]));
      if (state.name === 'left') return left;
      connection.askToClose();
      attachment.flush();
      channel.askToEnd();
    } else if (state.name !== 'left') {
      channel.kill('SIGTERM');
    }
    if (!(await settlesBy(deadline, Promise.race([gone, left])))) {
      init.log('warn', `did not stop within ${timeout} ms; terminating it`);
      await this.terminate();
    }
    return state.name === 'left' ? left : gone;
  }

  /** Connects again if needed, so that the worker ends in good order. It does not if another host is connected. */
  private async canAsk(deadline: number): Promise<boolean> {
    const { state, reconnection } = this.worker;
    if (!state.isDisconnected) return true;
    try {
      return await settlesBy(deadline, reconnection.underWay ?? reconnection.attachAgain());
    } catch (error) {
      if ((error as WorkerError).code === 'ERR_WORKER_OCCUPIED' && state.name === 'closing' && !state.isForced) {
        this.leaveToOther();
      }
      return false;
    }
  }

  /** A detached worker that another host uses belongs to that host. */
  leaveToOther(): void {
    const { attachment, state } = this.worker;
    const { channel, requests, log, name } = this.init;
    log('debug', 'left to another host');
    state.leave();
    requests.failAll((type) => workerClosed(finish(type), name));
    void attachment.close();
    channel.release?.();
    channel.setRef(false);
    this.resolveLeft({ reason: { type: 'close' } });
  }

  /** Ends the worker at once. */
  async terminate(): Promise<Ending> {
    const { gone } = this.worker;
    if (this.force('SIGTERM') && !(await settlesBy(now() + TERMINATE_GRACE, gone))) this.init.channel.kill('SIGKILL');
    return gone;
  }

  /** Kills the worker at once. */
  kill(): Promise<Ending> {
    this.force('SIGKILL');
    return this.worker.gone;
  }

  /** `false`: it has ended before. */
  private force(signal: 'SIGTERM' | 'SIGKILL'): boolean {
    const { state } = this.worker;
    const { channel } = this.init;
    if (state.hasEnded) return false;
    if (!state.isOver) state.close(true);
    channel.setRef(true);
    channel.kill(signal);
    return true;
  }

  /** Resolves when all messages have been written, and no request is in flight. */
  private async drained(): Promise<void> {
    const { requests } = this.init;
    await requests.outgoingDrained();
    await requests.idle();
    await requests.incomingDrained();
  }
}
