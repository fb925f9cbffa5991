import type { MessagePort } from 'node:worker_threads';

/** In Node, messages without a listener wait in their port. */
const canStop = process.versions['bun'] === undefined && process.versions['deno'] === undefined;

/**
 * Deno's threads have the web's kind of port, without the methods of an emitter. Returns a function that stops
 * listening, if that loses nothing.
 */
export function listenTo(port: MessagePort, onMessage: (message: unknown) => void): (() => void) | undefined {
  if (typeof port.on === 'function') {
    port.on('message', onMessage);
    return canStop ? () => void port.off('message', onMessage) : undefined;
  }
  port.addEventListener('message', (event) => onMessage((event as { data?: unknown }).data));
  port.start();
  return undefined;
}
