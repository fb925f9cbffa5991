import type { Requester } from '../connection.js';
import type { Carrier } from '../types/context-carrier.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { NativeConnection } from './binding.js';

/** The addon's connection as it is; its errors are text, as everywhere on the wire. */
export function requesterOf(connection: NativeConnection): NativeConnection & Requester {
  const endInput = connection.endInput.bind(connection);
  const carry = connection.carry.bind(connection);
  return Object.assign(connection, {
    carry(carrier: Carrier | undefined) {
      carry(carrier === undefined ? undefined : JSON.stringify(carrier));
    },
    endInput(slot: number, error: RemoteErrorPayload | undefined) {
      endInput(slot, error === undefined ? undefined : JSON.stringify(error));
    },
  }) as unknown as NativeConnection & Requester;
}
