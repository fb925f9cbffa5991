import { addCaller, type Caller } from '../../errors/caller.js';
import { workerClosed } from '../../errors/host-errors.js';
import { publishOutcome, publishSend } from '../../logging/diagnostics.js';
import type { OutgoingRequest } from '../../requests/outgoing-request.js';
import { unlessAborted } from '../../requests/request-options.js';
import { StreamAnswer } from '../../streams/response-stream.js';
import { UnreadInput } from '../../streams/unread-input.js';
import type { WorkerStream } from '../../streams/worker-stream.js';
import type { SendOptions } from '../../types/request-sender.js';
import { requestOf } from './call-arguments.js';
import type { Retries } from './retry-queue.js';
import type { SendTarget } from './target.js';

/** The host's `stream`. */
export class StreamSender {
  constructor(
    private readonly target: SendTarget,
    private readonly retries: Retries | undefined,
  ) {}

  /**
   * The stream begins at once. Reading it, and its result, fail with its error.
   *
   * @param caller - The frames to add to its error, if any.
   */
  stream(type: string, payload: unknown, options: SendOptions | undefined, caller: Caller | undefined): WorkerStream {
    const { target } = this;
    const answer = new StreamAnswer(type);
    if (caller !== undefined) answer.failing = (error) => addCaller(error, caller);
    UnreadInput.of(options)?.leaveWith(answer.stream.result);
    const reported = publishSend('stream', target.name, type, payload);
    if (reported !== undefined) publishOutcome(reported, answer.stream.result).catch(() => {});
    try {
      const request = requestOf(target.init, 'stream', type, payload, options);
      this.beginInTurn(request, answer);
    } catch (error) {
      answer.reject(target.placed(error, type));
    }
    return answer.stream;
  }

  private beginInTurn(request: OutgoingRequest, answer: StreamAnswer): void {
    const { target, retries } = this;
    const { underWay: reconnecting } = target.current.reconnection;
    const begin = () => this.begin(request, answer);
    const isHeld = retries?.isHeld === true && !target.isClosing;
    let begun: Promise<unknown>;
    if (target.isRenewing) begun = target.supervisor.whenRenewed(begin);
    else if (isHeld) begun = retries.whenClear(begin);
    else if (reconnecting === undefined) return begin();
    else begun = reconnecting.then(begin, begin);
    unlessAborted(request.terms?.signal, begun).catch(answer.abort);
  }

  private begin(request: OutgoingRequest, answer: StreamAnswer): void {
    const { target } = this;
    const { current } = target;
    const { type } = request;
    const reject = (error: unknown) => answer.reject(target.placed(error, type));
    if (target.isClosing) reject(workerClosed(`stream "${type}"`, target.name));
    else if (!current.isActive) void current.refusal('stream', type).then(reject);
    else current.requests.stream(request, answer);
  }
}
