/** The message type of the question whether a request that was cancelled has ended; its payload is the transaction id. */
export const ENDED = 'isolated-workers:ended';
