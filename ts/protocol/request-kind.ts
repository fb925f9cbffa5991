import type { Kind } from './generated.js';

/** The kind of a request. */
export type RequestKind = Kind.Request | Kind.Stream | Kind.Upload | Kind.Duplex;
