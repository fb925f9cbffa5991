import { isThenable } from '../util/thenable.js';

type Step = IteratorResult<unknown, unknown>;

/** A source of chunks, whatever its form. */
export interface Source {
  next(): Step | PromiseLike<Step>;
  /** Ends the source. Resolves when it has ended; never rejects. */
  stop(): Promise<void>;
}

type Iterators = Partial<{
  [Symbol.asyncIterator](): AsyncIterator<unknown>;
  [Symbol.iterator](): Iterator<unknown>;
  getReader(): { read(): Promise<Step>; cancel(): Promise<void> };
  destroy(): void;
  cancel(): Promise<void>;
  on(event: 'error', listener: () => void): void;
  next(): unknown;
  return(): unknown;
}>;

/**
 * The chunks of a stream, or of any iterable; `undefined` if the value is neither.
 *
 * @throws The error of the value, such as of a stream with another reader.
 */
export function sourceOf(value: unknown): Source | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const iterable = value as Iterators;
  if (has(iterable, 'getReader')) return webSource(iterable.getReader());
  if (has(iterable, Symbol.asyncIterator)) {
    expectErrors(iterable);
    return iteratorSource(iterable[Symbol.asyncIterator](), () => iterable.destroy?.());
  }
  if (!has(iterable, Symbol.iterator)) return undefined;
  return iteratorSource(iterable[Symbol.iterator](), () => {});
}

/**
 * From now on an error of the stream does not end the process: its reader receives it, if there is one. Never throws.
 */
export function expectErrors(value: unknown): void {
  try {
    const stream = value as Iterators;
    // A stream of Node; others report errors only to their readers.
    if (has(stream, 'on') && has(stream, 'destroy')) stream.on('error', () => {});
  } catch {
    // A value without listeners cannot emit errors.
  }
}

/** Ends an unread stream, generator or iterator. Never throws. */
export function leaveUnread(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  expectErrors(value);
  const stream = value as Iterators;
  void quietly(() => {
    if (has(stream, 'destroy')) return stream.destroy();
    if (has(stream, 'getReader')) return stream.cancel?.();
    // An iterable that is not an iterator has not begun.
    return has(stream, 'next') ? stream.return?.() : undefined;
  });
}

function has<K extends keyof Iterators>(value: Iterators, name: K): value is Iterators & Required<Pick<Iterators, K>> {
  return typeof value[name] === 'function';
}

/** The stream's own iterator would not cancel a pending read. */
function webSource(reader: { read(): Promise<Step>; cancel(): Promise<void> }): Source {
  return { next: () => reader.read(), stop: () => quietly(() => reader.cancel()) };
}

/** @param destroy - Ends a stream of Node, whose iterator would wait for the pending read. */
function iteratorSource(iterator: AsyncIterator<unknown> | Iterator<unknown>, destroy: () => void): Source {
  return {
    next: () => iterator.next(),
    stop: () =>
      quietly(() => {
        destroy();
        return iterator.return?.();
      }),
  };
}

async function quietly(act: () => unknown): Promise<void> {
  try {
    const outcome = act();
    if (isThenable(outcome)) await outcome;
  } catch {
    // No code receives the error.
  }
}
