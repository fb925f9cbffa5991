/** How long a worker may take to end after its connection did, in milliseconds. */
export const EXIT_GRACE = 1000;

/** What is so of a worker at the moment. */
export class Condition {
  /** It serves, or has. */
  wasReady = false;
  isConnected = false;
  /** The worker may live without its connection. */
  isDisconnected = false;
  connectionEnded = false;
  /** The worker has said that another host takes this one's place. */
  isTakenOver = false;
  isClosing = false;
  /** It is to end whoever uses it. */
  isForced = false;
  /** It was left to another host instead of being closed. */
  hasLeft = false;
  hasEnded = false;
  /** Makes the error for what can no longer succeed, once the worker is lost. */
  failure: ((messageType?: string) => Error) | undefined;

  /** Whether requests are taken. */
  get isActive(): boolean {
    return (
      !this.hasEnded && !this.connectionEnded && !this.isClosing && !this.isDisconnected && this.failure === undefined
    );
  }

  /** It has ended without being closed, or is about to. */
  get isLost(): boolean {
    return !this.isClosing && (this.hasEnded || this.connectionEnded || this.failure !== undefined);
  }
}
