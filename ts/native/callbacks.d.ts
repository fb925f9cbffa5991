/** Gets a batch of messages; their kinds and numbers are in the shared records. */
export type OnMessages = (count: number, payloads: string | Uint8Array | undefined) => void;

/** Gets everything else; `what` is a `Control`. */
export type OnControl = (
  what: number,
  number: number,
  payload: string | Uint8Array | undefined,
  detail: string,
) => void;
