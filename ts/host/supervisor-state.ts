import type { ShutdownReason } from '../types/shutdown-reason.js';

/** The state of a worker, whichever process or thread serves it. */
type State =
  /** One serves, or takes the place of one that has crashed. */
  | { readonly name: 'running' }
  /** The program has ended the worker, or is ending it. */
  | { readonly name: 'closed'; readonly ended: Promise<ShutdownReason> }
  /** One ends in good order; another takes its place then. What is sent waits for that one. */
  | { readonly name: 'replacing'; readonly ended: Promise<ShutdownReason>; readonly renewed: Promise<void> }
  /** The other one starts. */
  | { readonly name: 'restarting'; readonly renewed: Promise<void> }
  /** The program ends the worker while another is to take its place. */
  | { readonly name: 'cancelling'; readonly ended: Promise<ShutdownReason>; readonly renewed: Promise<void> };

export type SupervisorStateName = State['name'];

/** The states that may follow each state; docs/lifecycle.md draws them. */
export const supervisorTransitions: { readonly [S in SupervisorStateName]: readonly SupervisorStateName[] } = {
  running: ['closed', 'replacing'],
  closed: ['replacing'],
  replacing: ['restarting', 'cancelling', 'closed'],
  restarting: ['running', 'cancelling'],
  cancelling: ['closed'],
};

/** The lifecycle state of a worker, across its processes or threads. */
export class SupervisorState {
  private state: State = { name: 'running' };

  /** @param onIllegal - Called for each transition that the table does not have; the state then stays. */
  constructor(private readonly onIllegal: (from: SupervisorStateName, to: SupervisorStateName) => void) {}

  get name(): SupervisorStateName {
    return this.state.name;
  }

  /** The end that the program has asked for, if it has; resolves when the worker has ended. */
  get ended(): Promise<ShutdownReason> | undefined {
    return 'ended' in this.state ? this.state.ended : undefined;
  }

  /** The restart in good order that is under way, if there is one; resolves when the other worker serves. */
  get renewed(): Promise<void> | undefined {
    return 'renewed' in this.state ? this.state.renewed : undefined;
  }

  get isClosing(): boolean {
    return 'ended' in this.state;
  }

  get isRenewing(): boolean {
    return 'renewed' in this.state;
  }

  /** The program ends the worker; a second time changes nothing. */
  close(ended: Promise<ShutdownReason>): void {
    const { state } = this;
    if (state.name === 'closed' || state.name === 'cancelling') return;
    if (state.name === 'running') this.become({ name: 'closed', ended });
    else this.become({ name: 'cancelling', ended, renewed: state.renewed });
  }

  /** The worker ends, and another takes its place. */
  replace(ended: Promise<ShutdownReason>, renewed: Promise<void>): void {
    this.become({ name: 'replacing', ended, renewed });
  }

  /** The worker has ended, and another starts. */
  restart(): void {
    if (this.state.name === 'replacing') this.become({ name: 'restarting', renewed: this.state.renewed });
    else this.onIllegal(this.state.name, 'restarting');
  }

  /** The restart is over: another serves, none could be started, or the worker was ended. */
  settle(): void {
    const { ended } = this;
    this.become(ended === undefined ? { name: 'running' } : { name: 'closed', ended });
  }

  private become(to: State): void {
    if (supervisorTransitions[this.state.name].includes(to.name)) this.state = to;
    else this.onIllegal(this.state.name, to.name);
  }
}
