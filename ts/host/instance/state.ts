/** How long a worker may take to end after its connection did, in milliseconds. */
export const EXIT_GRACE = 1000;

/** Makes the error of an operation that can no longer succeed. */
export type Failure = (messageType?: string) => Error;

/** A state in which nobody has asked the worker to end. */
type Open =
  /** Its process or thread is there and does not serve yet. */
  | { readonly name: 'starting' }
  /** `disconnect()` was called before it serves: the connection ends as soon as it does. */
  | { readonly name: 'leaving' }
  | { readonly name: 'ready' }
  /** It has no connection and may live. */
  | { readonly name: 'disconnected' }
  /** It has another connection, over which it does not serve yet. */
  | { readonly name: 'reconnecting' }
  /** Its connection has ended; whether it has ended too is not known yet. */
  | { readonly name: 'lost' }
  /** It is of no use to its host, which has killed it. */
  | { readonly name: 'failed'; readonly failure: Failure };

type State =
  | Open
  /**
   * The host has asked it to end. Its connection goes on from state to state meanwhile. It is forced if it gets a signal instead of
   * a message.
   */
  | { readonly name: 'closing'; readonly connection: Open; readonly isForced: boolean }
  /** It was released to another host instead of being closed. */
  | { readonly name: 'left' }
  /** It has ended without a request of the host. */
  | { readonly name: 'crashed'; readonly failure: Failure }
  /** It has ended as the host had asked. */
  | { readonly name: 'gone'; readonly failure: Failure | undefined };

export type StateName = State['name'];

/** The states that may follow each state; docs/lifecycle.md draws them. */
export const transitions: { readonly [S in StateName]: readonly StateName[] } = {
  starting: ['ready', 'leaving', 'disconnected', 'lost', 'failed', 'closing', 'crashed'],
  leaving: ['starting', 'disconnected', 'lost', 'failed', 'closing', 'crashed'],
  ready: ['disconnected', 'lost', 'failed', 'closing', 'crashed'],
  disconnected: ['reconnecting', 'lost', 'failed', 'closing', 'crashed'],
  reconnecting: ['ready', 'disconnected', 'lost', 'failed', 'closing', 'crashed'],
  lost: ['disconnected', 'failed', 'closing', 'crashed'],
  failed: ['closing', 'crashed'],
  closing: ['left', 'gone'],
  left: [],
  crashed: [],
  gone: [],
};

/** The lifecycle state of one process or thread. */
export class InstanceState {
  private state: State = { name: 'starting' };
  private served = false;

  /** @param onIllegal - Called for each transition that the table does not have; the state then stays. */
  constructor(private readonly onIllegal: (from: StateName, to: StateName) => void) {}

  get name(): StateName {
    return this.state.name;
  }

  /** The state of the connection: the one that `closing` goes on with, otherwise the state itself. */
  get connection(): StateName {
    return this.state.name === 'closing' ? this.state.connection.name : this.state.name;
  }

  /** Whether it serves, or has served. */
  get hasServed(): boolean {
    return this.served;
  }

  /** Whether it accepts requests. */
  get isActive(): boolean {
    const { name } = this.state;
    return name === 'starting' || name === 'ready' || name === 'reconnecting';
  }

  get isConnected(): boolean {
    return this.connection === 'ready';
  }

  /** Whether it is to announce that it serves. */
  get isAwaited(): boolean {
    const { connection } = this;
    return connection === 'starting' || connection === 'leaving' || connection === 'reconnecting';
  }

  /** Whether the host has closed its connection, or is about to. */
  get isDisconnected(): boolean {
    return this.connection === 'disconnected' || this.connection === 'leaving';
  }

  /** It has crashed, or is about to. */
  get isLost(): boolean {
    const { name } = this.state;
    return name === 'lost' || name === 'failed' || name === 'crashed';
  }

  /** Whether it has ended. */
  get hasEnded(): boolean {
    return this.state.name === 'crashed' || this.state.name === 'gone';
  }

  /** Whether it has ended, or belongs to another host. */
  get isOver(): boolean {
    return this.hasEnded || this.state.name === 'left';
  }

  /** Whether the host has asked it to end. */
  get isClosing(): boolean {
    const { name } = this.state;
    return name === 'closing' || name === 'left' || name === 'gone';
  }

  /** Whether it must end whoever uses it. */
  get isForced(): boolean {
    return this.state.name === 'closing' && this.state.isForced;
  }

  /** Makes the errors of operations after it was lost, if the reason is known. */
  get failure(): Failure | undefined {
    const state = this.state.name === 'closing' ? this.state.connection : this.state;
    return 'failure' in state ? state.failure : undefined;
  }

  /** It has announced that it serves. */
  serve(): void {
    this.served = true;
    this.moveConnection({ name: this.connection === 'leaving' ? 'disconnected' : 'ready' });
  }

  /** The connection is in another state. */
  move(name: Exclude<Open['name'], 'ready' | 'failed'>): void {
    this.moveConnection({ name });
  }

  fail(failure: Failure): void {
    this.moveConnection({ name: 'failed', failure });
  }

  /** The host asks it to end. */
  close(isForced: boolean): void {
    const { state } = this;
    if (state.name === 'closing') this.state = { ...state, isForced: state.isForced || isForced };
    else if (isOpen(state)) this.state = { name: 'closing', connection: state, isForced };
    else this.onIllegal(state.name, 'closing');
  }

  /** Another host has it. */
  leave(): void {
    if (this.may('left')) this.state = { name: 'left' };
  }

  /**
   * It has ended.
   *
   * @param failure - For one that nobody has asked to end and that has not failed before.
   */
  end(failure: Failure): void {
    const { state } = this;
    if (state.name === 'left') return;
    if (state.name === 'closing') this.state = { name: 'gone', failure: this.failure };
    else if (this.may('crashed')) this.state = { name: 'crashed', failure: this.failure ?? failure };
  }

  private moveConnection(to: Open): void {
    const { state } = this;
    if (!transitions[this.connection].includes(to.name)) this.onIllegal(this.connection, to.name);
    else this.state = state.name === 'closing' ? { ...state, connection: to } : to;
  }

  private may(to: StateName): boolean {
    const { name } = this.state;
    if (transitions[name].includes(to)) return true;
    this.onIllegal(name, to);
    return false;
  }
}

function isOpen(state: State): state is Open {
  return transitions[state.name].includes('closing');
}
