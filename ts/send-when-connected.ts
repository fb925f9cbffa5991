import { inTime } from './debugging.js';
import { type WorkerError } from './errors.js';
import { messageTimeout } from './host-errors.js';

export interface Waiting {
  readonly type: string;
  readonly worker: string;
  /** In milliseconds, from the sending on; 0 and Infinity: none. */
  readonly timeout: number;
  /** The payload as it was when it was sent. */
  copy(): unknown;
  isDebugged(): boolean;
  send(payload: unknown, timeout: number): Promise<unknown>;
  /** Why nothing can be sent. */
  refusal(): Promise<Error>;
}

/** A request that was sent while its worker is being connected to again: it fails only if that does. */
export async function sendWhenConnected(connecting: Promise<void>, waiting: Waiting): Promise<unknown> {
  const { type, worker, timeout, isDebugged } = waiting;
  const late = () => messageTimeout(type, worker, timeout);
  const whole = timeout > 0 ? timeout : Infinity;
  const sent = performance.now();
  let came: boolean;
  try {
    came = await inTime(whole, connecting, isDebugged);
  } catch (cause) {
    const error = await waiting.refusal();
    error.cause ??= cause;
    throw error;
  }
  if (!came) throw late();
  try {
    const left = whole - (performance.now() - sent);
    return await waiting.send(waiting.copy(), left === Infinity ? timeout : Math.max(Math.ceil(left), 1));
  } catch (error) {
    throw (error as WorkerError).code === 'ERR_MESSAGE_TIMEOUT' ? late() : error;
  }
}
