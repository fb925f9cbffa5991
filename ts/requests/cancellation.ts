/** A request that ends when its signal aborts. */
export interface Cancellable {
  /** Its index among the requests of its signal. */
  place: number;
  onAbort(reason: unknown): void;
}

const watched = new WeakMap<AbortSignal, Cancellable[]>();

/** Ends `request` when the signal aborts. One listener serves all requests of a signal. */
export function watch(signal: AbortSignal, request: Cancellable): Cancellable[] {
  const list = listOf(signal);
  request.place = list.push(request) - 1;
  return list;
}

/** @param list - The result of `watch`. */
export function unwatch(list: Cancellable[], request: Cancellable): void {
  if (list[request.place] !== request) return;
  const moved = list.pop() as Cancellable;
  if (moved === request) return;
  list[request.place] = moved;
  moved.place = request.place;
}

/** Whether it is a signal of any realm, a DOM or a polyfill: these are not instances of this realm's class. */
export function isSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null) return false;
  const { aborted, addEventListener } = value as Partial<AbortSignal>;
  return typeof aborted === 'boolean' && typeof addEventListener === 'function';
}

/** The reason of an aborted signal; a polyfill may have none. */
export function abortReason(signal: AbortSignal): unknown {
  return signal.reason ?? new DOMException('This operation was aborted', 'AbortError');
}

function listOf(signal: AbortSignal): Cancellable[] {
  const known = watched.get(signal);
  if (known !== undefined) return known;
  const list: Cancellable[] = [];
  watched.set(signal, list);
  // A request that leaves meanwhile finds another in its place.
  const onAbort = () => {
    for (const request of list.splice(0)) request.onAbort(abortReason(signal));
  };
  signal.addEventListener('abort', onAbort, { once: true });
  return list;
}
