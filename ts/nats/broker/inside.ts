import type { NatsConnection } from '@nats-io/transport-node';

// What the client library has no methods for. Where its inside has another shape, an idle worker keeps its host alive until it is
// closed, and a broken connection takes longer to end.

interface Handle {
  ref?(): void;
  unref?(): void;
}

interface Inside {
  readonly transport?: { readonly socket?: Handle & { destroy?(): void } };
  readonly heartbeats?: { readonly timer?: Handle };
}

const insideOf = (connection: NatsConnection | undefined) =>
  (connection as { protocol?: Inside } | undefined)?.protocol;

/** Lets the connection keep the event loop alive, or lets the loop end. */
export function holdLoop(connection: NatsConnection | undefined, isHeld: boolean): void {
  const inside = insideOf(connection);
  for (const handle of [inside?.transport?.socket, inside?.heartbeats?.timer]) {
    if (isHeld) handle?.ref?.();
    else handle?.unref?.();
  }
}

/** Ends a connection that is dead, so that the client library makes a new one. Its own method first writes all that waits. */
export function breakOff(connection: NatsConnection): void {
  const socket = insideOf(connection)?.transport?.socket;
  if (socket?.destroy === undefined) void connection.reconnect();
  else socket.destroy();
}
