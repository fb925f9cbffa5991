import type { Carrier, ContextCarrier } from '../types/context-carrier.js';

/** A position in a trace, as [W3C Trace Context](https://www.w3.org/TR/trace-context/) has it. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string | undefined;
}

const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}(-.*)?$/;

/**
 * Carries the trace position in `storage`: `createWorker({ context: traceContext(storage) })`. It omits a malformed
 * one.
 */
export function traceContext(storage: {
  getStore(): TraceContext | undefined;
  run<T>(store: TraceContext, run: () => T): T;
}): ContextCarrier {
  return {
    inject(): Carrier | undefined {
      const { traceparent, tracestate } = storage.getStore() ?? {};
      if (traceparent === undefined || !TRACEPARENT.test(traceparent)) return undefined;
      return tracestate === undefined ? { traceparent } : { traceparent, tracestate };
    },
    extract({ traceparent, tracestate }, run) {
      if (traceparent === undefined || !TRACEPARENT.test(traceparent)) return run();
      return storage.run(tracestate === undefined ? { traceparent } : { traceparent, tracestate }, run);
    },
  };
}
