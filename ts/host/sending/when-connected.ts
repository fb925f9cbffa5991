import { isOwnTimeout, messageTimeout } from '../../errors/host-errors.js';
import type { OutgoingRequest } from '../../requests/outgoing-request.js';
import { settlesWithin } from '../../util/debugger.js';
import { now } from '../../util/primordials.js';

export interface Waiting {
  readonly request: OutgoingRequest;
  readonly worker: string;
  /** In milliseconds, from the sending on; 0 and Infinity: none. */
  readonly timeout: number;
  /** The payload at the time of the call. */
  copy(): unknown;
  isDebugged(): boolean;
  send(request: OutgoingRequest): Promise<unknown>;
  /** Why nothing can be sent; absent: for the reason that connecting has failed. */
  readonly refusal?: (() => Promise<Error>) | undefined;
}

/** Acts when there is a connection; rejects where there will be none. */
export type WhenConnected = <T>(act: () => T) => Promise<T>;

/** A request that was sent while its worker is being connected to, or started again: it fails only if that does. */
export async function sendWhenConnected(whenConnected: WhenConnected, waiting: Waiting): Promise<unknown> {
  const { request, worker, timeout, isDebugged } = waiting;
  const late = () => messageTimeout(request.type, `the worker "${worker}"`, timeout);
  const whole = timeout > 0 ? timeout : Infinity;
  const sent = now();
  let isLate = false;
  const send = () => {
    const left = whole - (now() - sent);
    return waiting.send(request.again(waiting.copy(), left === Infinity ? timeout : Math.max(Math.ceil(left), 1)));
  };
  // In an object: the next in order does not wait for the answer.
  const turn = whenConnected(() => ({ answer: isLate ? undefined : send() }));
  try {
    isLate = !(await settlesWithin(whole, turn, isDebugged));
  } catch (cause) {
    if (waiting.refusal === undefined) throw cause;
    const error = await waiting.refusal();
    error.cause ??= cause;
    throw error;
  }
  if (isLate) throw late();
  try {
    return await (
      await turn
    ).answer;
  } catch (error) {
    throw isOwnTimeout(error) ? late() : error;
  }
}
