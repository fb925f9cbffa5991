import type { Requester, SentRequest } from '../connection/connection.js';
import { errorText } from '../errors/encode-remote-error.js';
import type { Carrier } from '../types/context-carrier.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { NativeConnection } from '../addon/binding.js';

/** The addon's connection; its errors are text, as on the wire. */
export function requesterOf(connection: NativeConnection): NativeConnection & Requester {
  const endInput = connection.endInput.bind(connection);
  const setContext = connection.setContextCommand;
  const begin = connection.requestCommand;
  return Object.assign(connection, {
    request: (request: SentRequest, encoded: unknown) => begin(request.type, encoded, request.timeout),
    reserve: connection.reserveCommand,
    submit: connection.submitCommand,
    post: connection.postCommand,
    input: connection.inputCommand,
    setContext(carrier: Carrier | undefined) {
      setContext(carrier === undefined ? undefined : JSON.stringify(carrier));
    },
    endInput(slot: number, error: RemoteErrorPayload | undefined) {
      endInput(slot, error === undefined ? undefined : errorText(error, connection.messageLimit));
    },
  }) as unknown as NativeConnection & Requester;
}
