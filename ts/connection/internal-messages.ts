/** The message type of the question whether a cancelled request has ended; its payload is the transaction id. */
export const ENDED = 'isolated-workers:ended';
