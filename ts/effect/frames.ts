/** The message type of all that this integration sends, in both directions. */
export const MESSAGE = 'effect';

/** What a host says of itself when it opens a port. */
export interface Opening {
  /** The client that the port belongs to: a worker's ports of another client are those of a host that has left. */
  readonly session: string;
  /** The driver moves memory between host and worker. */
  readonly movesMemory: boolean;
}

/** What a host tells its worker: a request, that the port is closed, that it is opened. The first two are Effect's. */
export type HostFrame = readonly [request: 0, payload: unknown] | readonly [close: 1] | readonly [open: 2, Opening];

/** What a worker tells its host: that it is ready, and data. Both are Effect's. */
export type WorkerFrame = readonly [ready: 0] | readonly [data: 1, payload: unknown];

/** What travels: a frame, and the port that it belongs to. */
export type Envelope<F> = readonly [port: number, frame: F];

/** What came, if it has the form of an envelope with a frame whose number is at most `last`; else `undefined`. */
export function envelopeOf<F>(message: unknown, last: number): Envelope<F> | undefined {
  if (!Array.isArray(message) || typeof message[0] !== 'number') return undefined;
  const frame: unknown = message[1];
  if (!Array.isArray(frame)) return undefined;
  const kind: unknown = frame[0];
  if (typeof kind !== 'number' || kind < 0 || kind > last) return undefined;
  return message as unknown as Envelope<F>;
}
