import type { MessagePort } from 'node:worker_threads';

/** Listens to a port without keeping the program alive. Deno has ports that are event targets and no emitters. */
export function listenTo(port: MessagePort, on: { message(data: unknown): void; close?(): void }): void {
  const target = port as unknown as EventTarget & Partial<Pick<MessagePort, 'start' | 'unref'>>;
  target.addEventListener('message', (event) => on.message((event as MessageEvent).data));
  if (on.close !== undefined) target.addEventListener('close', on.close);
  target.start?.();
  target.unref?.();
}
