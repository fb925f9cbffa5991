/** Messages about the user on whose behalf a handler runs; `none` where nobody is known. */
export interface StoreMessages {
  /** The user when it begins, and after a while. */
  store: { payload: void; result: [string, string] };
  /** Remembers the user. */
  noteStore: { payload: { caseId: string } };
  /** The user at each of two chunks, and at the end. */
  storeChunks: { payload: void; stream: string; result: string };
  /** The user after each chunk of its input. */
  storeInput: { payload: void; input: unknown; result: string[] };
  /** Asks the host for its user, as its own, or as another. */
  askStore: {
    payload: string | undefined;
    result: { value?: unknown; name?: string; message?: string; code?: unknown };
  };
  /** Reads a stream of the host about its user. */
  askStoreChunks: { payload: string; result: string[] };
  /** Posts to the host as this user. */
  tellStore: { payload: string };
}
