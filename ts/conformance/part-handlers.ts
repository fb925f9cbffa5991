import { once } from 'node:events';
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';

import type { Handlers } from '../index.js';
import type { ConformanceMessages } from './messages.js';
import { getCaseState, type Made } from './case-state.js';

type All = Handlers<ConformanceMessages>;

/** Handlers that stream, or stop on request. */
export const partHandlers: Pick<
  All,
  | 'patient'
  | 'block'
  | 'stubborn'
  | 'steps'
  | 'numbers'
  | 'noStream'
  | 'wrongStream'
  | 'readable'
  | 'made'
  | 'total'
  | 'twice'
  | 'context'
  | 'chunks'
  | 'collect'
> = {
  patient: ({ caseId, key }, { signal }) => {
    const { notes, held } = getCaseState(caseId);
    notes.push(`${key} begun`);
    return new Promise((resolve) => {
      const end = (how: string) => {
        notes.push(`${key} ${how}`);
        resolve(key);
      };
      held.set(key, () => end('released'));
      signal.addEventListener('abort', () => end('aborted'));
    });
  },
  block(millis) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis);
  },
  stubborn: () => new Promise(() => {}),
  async steps(count, { progress }) {
    for (let step = 1; step <= count; step++) {
      progress(step);
      if (step % 2 === 0) await Promise.resolve();
    }
    return count;
  },
  async *numbers({ caseId, key, ...rest }, { signal }) {
    const { count = Infinity, failAfter, stopAfter, exitAfter, size } = rest;
    const made = madeIn(caseId, key);
    try {
      for (let next = 0; next < count; next++) {
        if (next === failAfter) throw new RangeError(`no more than ${next}`);
        if (next === stopAfter && !signal.aborted) await once(signal, 'abort');
        if (next === exitAfter) setImmediate(() => process.exit(7));
        made.made++;
        yield size === undefined ? next : String(next).padEnd(size);
      }
      return count;
    } finally {
      made.ended = true;
    }
  },
  noStream: () => 'no stream',
  async *wrongStream() {
    yield 1;
  },
  readable({ caseId, kind, count }) {
    const made = madeIn(caseId, kind);
    if (kind === 'web') {
      let next = 0;
      return new ReadableStream<number>({
        pull(controller) {
          made.made++;
          if (next < count) controller.enqueue(next++);
          else controller.close();
        },
        cancel() {
          made.ended = true;
        },
      });
    }
    const stream = Readable.from(Array.from({ length: count }, (_, index) => index));
    stream.once('close', () => (made.ended = true));
    return stream;
  },
  made: ({ caseId, key }) => madeIn(caseId, key),
  async total({ caseId, most = Infinity, hold }, { input }) {
    const sum = { chunks: 0, total: 0, error: undefined as string | undefined };
    try {
      if (most > 0) {
        for await (const chunk of input) {
          sum.total += typeof chunk === 'number' ? chunk : chunk.length;
          if (++sum.chunks >= most) break;
        }
      }
    } catch (error) {
      sum.error = (error as Error).message;
    }
    if (hold !== undefined) await new Promise<void>((resolve) => getCaseState(caseId).held.set(hold, resolve));
    const { error, ...rest } = sum;
    return error === undefined ? rest : { ...rest, error };
  },
  async *twice(_, { input }) {
    let count = 0;
    for await (const chunk of input) {
      count++;
      yield chunk * 2;
    }
    return count;
  },
  async *chunks(values) {
    yield* values;
    return values.length;
  },
  async collect(_, { input }) {
    const chunks: unknown[] = [];
    for await (const chunk of input) chunks.push(chunk);
    return chunks;
  },
  context(_, { type, tx, signal, worker }) {
    return { type, tx, aborted: signal.aborted, isServer: worker.isConnected };
  },
};

function madeIn(caseId: string, key: string): Made {
  const { made } = getCaseState(caseId);
  let found = made.get(key);
  if (found === undefined) made.set(key, (found = { made: 0, ended: false }));
  return found;
}
