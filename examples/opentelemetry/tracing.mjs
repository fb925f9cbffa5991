// @ts-check
// What host and worker share: OpenTelemetry, and the option `context` that carries a trace from one to the other.
import { context, propagation, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';

/** @import { ContextCarrier } from 'isolated-workers' */

/** @typedef {{ name: string; trace: string; id: string; parent: string | undefined }} Finished */

// A real program has an exporter here that sends the spans to a collector, in each of its processes.
const exporter = new InMemorySpanExporter();

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));

/** @type {ContextCarrier} */
export const traces = {
  inject() {
    /** @type {Record<string, string>} */
    const headers = {};
    propagation.inject(context.active(), headers);
    return headers;
  },
  extract: (headers, run) => context.with(propagation.extract(context.active(), headers), run),
};

/**
 * Runs a function in a span, which ends with it.
 *
 * @template T
 * @param {string} name
 * @param {() => T | Promise<T>} act
 * @returns {Promise<T>}
 */
export function traced(name, act) {
  return trace.getTracer('example').startActiveSpan(name, async (span) => {
    try {
      return await act();
    } catch (error) {
      span.recordException(/** @type {Error} */ (error));
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** @returns {Finished[]} */
export function finishedSpans() {
  return exporter.getFinishedSpans().map((span) => {
    const { traceId, spanId } = span.spanContext();
    return { name: span.name, trace: traceId, id: spanId, parent: span.parentSpanContext?.spanId };
  });
}
