// `Worker.parent`: the worker's end of the connection to its host.
import { bridge } from '../bridge.js';
import { holds, onReply } from '../host-functions.js';
import { setTimeout } from '../timers.js';

type Listener = (event: { readonly data: unknown }) => void;

/** Messages that came before there was a listener. */
const early: unknown[] = [];
let listener: Listener | null = null;
/** The host wants nothing more, and sends nothing more. */
let isClosed = false;

/** Whether messages keep the worker alive. */
function hold(): void {
  const listens = listener !== null && (!isClosed || early.length > 0);
  bridge.keep(listens || holds.any);
}

/** Each early message in a turn of its own, as any other. */
function deliverEarly(): void {
  if (listener === null || early.length === 0) return;
  const data = early.shift();
  if (early.length > 0) setTimeout(deliverEarly, 0);
  else hold();
  listener({ data });
}

function receive(data: unknown): void {
  if (listener === null || early.length > 0) early.push(data);
  else listener({ data });
}

bridge.onMessage((message) => {
  const [type, , payload] = message;
  if (typeof type === 'number') return onReply(message);
  if (type === 'message') return receive(payload);
  isClosed = true;
  hold();
});
holds.change = hold;

/** Sends a message to the host: its type and its payload, as the driver of the host reads them. */
export function send(type: 'message' | 'error', payload: unknown): void {
  const size = bridge.send([type, undefined, payload]);
  if (size === 0) return;
  const error = new RangeError(
    `postMessage() was given ${size} bytes, and the limit of this worker is ${bridge.maxResultBytes}. Raise its ` +
      '`limits.maxResultBytes`, or send less at once.',
  );
  throw Object.assign(error, { code: 'ERR_MESSAGE_TOO_LARGE' });
}

export const parent = {
  postMessage(message?: unknown): void {
    if (!isClosed) send('message', message);
  },

  get onmessage(): Listener | null {
    return listener;
  },

  /** A worker without a listener ends when it has nothing else to do. */
  set onmessage(given: Listener | null) {
    if (given !== null && typeof given !== 'function') {
      throw new TypeError(`Worker.parent.onmessage must be a function or null, not ${typeof given}`);
    }
    const wasNull = listener === null;
    listener = given;
    if (wasNull && given !== null && early.length > 0) setTimeout(deliverEarly, 0);
    hold();
  },
};
