import { isThenable } from '../thenable.js';

type Step = IteratorResult<unknown, unknown>;

/** Where chunks come from, whatever form it has. */
export interface Source {
  next(): Step | PromiseLike<Step>;
  /** No more is wanted. Resolves when the source has come to its end; never rejects. */
  stop(): Promise<void>;
}

type Iterators = Partial<{
  [Symbol.asyncIterator](): AsyncIterator<unknown>;
  [Symbol.iterator](): Iterator<unknown>;
  getReader(): { read(): Promise<Step>; cancel(): Promise<void> };
  destroy(): void;
}>;

/** The chunks of a stream, or of any iterable; `undefined` where the value is none. */
export function sourceOf(value: unknown): Source | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const iterable = value as Iterators;
  if (has(iterable, 'getReader')) return webSource(iterable.getReader());
  if (has(iterable, Symbol.asyncIterator)) {
    return iteratorSource(iterable[Symbol.asyncIterator](), () => iterable.destroy?.());
  }
  if (!has(iterable, Symbol.iterator)) return undefined;
  return iteratorSource(iterable[Symbol.iterator](), () => {});
}

function has<K extends keyof Iterators>(value: Iterators, name: K): value is Iterators & Required<Pick<Iterators, K>> {
  return typeof value[name] === 'function';
}

/** The stream's own iterator would not give up a read that is under way. */
function webSource(reader: { read(): Promise<Step>; cancel(): Promise<void> }): Source {
  return { next: () => reader.read(), stop: () => quietly(() => reader.cancel()) };
}

/** @param destroy - Ends a stream of Node, whose iterator would wait for the read that is under way. */
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
    // Nobody is there to be told.
  }
}
