import type { Requester } from '../connection.js';
import type { Carrier } from '../types/context-carrier.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { NativeConnection } from './binding.js';

/** The addon's connection as it is; its errors are text, as everywhere on the wire. */
export function requesterOf(connection: NativeConnection): NativeConnection & Requester {
  const endInput = connection.endInput.bind(connection);
  const carry = connection.carryCommand;
  return Object.assign(connection, {
    request: connection.requestCommand,
    reserve: connection.reserveCommand,
    submit: connection.submitCommand,
    post: connection.postCommand,
    input: connection.inputCommand,
    carry(carrier: Carrier | undefined) {
      carry(carrier === undefined ? undefined : JSON.stringify(carrier));
    },
    endInput(slot: number, error: RemoteErrorPayload | undefined) {
      endInput(slot, error === undefined ? undefined : JSON.stringify(error));
    },
  }) as unknown as NativeConnection & Requester;
}
