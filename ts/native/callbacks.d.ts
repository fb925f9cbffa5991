import type { Encoded } from '../codecs/codec.js';

/** Gets a batch of messages; their kinds and numbers are in the shared records. */
export type OnMessages = (count: number, payloads: unknown) => void;

/** Gets everything else; `what` is a `Control`. */
export type OnControl = (what: number, number: number, payload: Encoded, detail: string) => void;
