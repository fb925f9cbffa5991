import { type Caller, withCaller } from '../../errors/caller.js';
import { isObserved, publishOutcome, publishSend } from '../../logging/diagnostics.js';
import type { OutgoingRequest, RequestObserver } from '../../requests/outgoing-request.js';
import { UnreadInput } from '../../streams/unread-input.js';
import type { SendOptions } from '../../types/request-sender.js';
import { requestOf } from './call-arguments.js';
import type { Retries } from './retry-queue.js';
import type { SendTarget } from './target.js';

/** The host's `send`. */
export class RequestSender {
  constructor(
    private readonly target: SendTarget,
    private readonly retries: Retries | undefined,
  ) {}

  /**
   * Not an async function: that would cost each request another promise.
   *
   * @param caller - The frames to add to its error, if any.
   */
  send(type: string, payload: unknown, options: SendOptions | undefined, caller: Caller | undefined): Promise<unknown> {
    const reported = publishSend('request', this.target.name, type, payload);
    const input = UnreadInput.of(options);
    let sent = this.sendUntold(type, payload, options);
    if (caller !== undefined) sent = sent.catch(withCaller(caller));
    input?.leaveWith(sent);
    return reported === undefined ? sent : publishOutcome(reported, sent);
  }

  /**
   * Sends a request without options to the worker that is there; `observer` hears of its outcome before the promise
   * settles, which costs less than a second promise. `undefined`: nothing was sent, because more than that is to be done.
   */
  sendObserved(type: string, payload: unknown, observer: RequestObserver): Promise<unknown> | undefined {
    const { target } = this;
    const isPlain =
      this.retries === undefined && !target.init.callerStacks && !isObserved() && typeof type === 'string';
    if (!isPlain || target.isRenewing || target.isClosing || !target.current.isActive) return undefined;
    const request = requestOf(target.init, 'send', type, payload, undefined);
    request.observer = observer;
    return target.current.requests.send(request);
  }

  private sendUntold(type: string, payload: unknown, options: SendOptions | undefined): Promise<unknown> {
    const { target } = this;
    try {
      const request = requestOf(target.init, 'send', type, payload, options);
      return target.isRenewing ? this.sendRenewed(request) : this.dispatch(request);
    } catch (error) {
      return Promise.reject(target.placed(error, type));
    }
  }

  /** To the worker that is there. */
  private dispatch(request: OutgoingRequest): Promise<unknown> {
    const { target, retries } = this;
    if (retries === undefined || target.isClosing) return target.sendOnce(request);
    return retries.send(request).catch(target.failing(request.type));
  }

  /** To the worker that takes the place of this one. */
  private sendRenewed(request: OutgoingRequest): Promise<unknown> {
    const { target } = this;
    const sent = target.sendWhen(
      (act) => target.supervisor.whenRenewed(act),
      request,
      (again) => this.dispatch(again),
    );
    return sent.catch(target.failing(request.type));
  }
}
