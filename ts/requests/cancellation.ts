/** What ends when its signal is aborted. */
export interface Cancellable {
  /** Its place among those of its signal. */
  place: number;
  onAbort(reason: unknown): void;
}

const watched = new WeakMap<AbortSignal, Cancellable[]>();

/** Ends `request` when the signal is aborted. One listener serves all requests of a signal. */
export function watch(signal: AbortSignal, request: Cancellable): Cancellable[] {
  const list = listOf(signal);
  request.place = list.push(request) - 1;
  return list;
}

/** @param list - What `watch` gave. */
export function unwatch(list: Cancellable[], request: Cancellable): void {
  if (list[request.place] !== request) return;
  const moved = list.pop() as Cancellable;
  if (moved === request) return;
  list[request.place] = moved;
  moved.place = request.place;
}

function listOf(signal: AbortSignal): Cancellable[] {
  const known = watched.get(signal);
  if (known !== undefined) return known;
  const list: Cancellable[] = [];
  watched.set(signal, list);
  // What is taken away meanwhile finds its place taken.
  const onAbort = () => {
    for (const request of list.splice(0)) request.onAbort(signal.reason);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  return list;
}
