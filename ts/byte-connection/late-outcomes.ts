import { settled } from '../codecs/segments.js';
import type { Encoded, PayloadCodec } from '../codecs/payload-codec.js';
import type { KeptOutcome, KeptResults } from '../detached/kept-results.js';
import type { NativeConnection } from '../addon/binding.js';

/** The outcomes of calls whose host has left: a detached worker keeps them for the next host, any other drops them. */
export class LateOutcomes {
  hasLeft = false;
  /** Calls without a waiting requester: their outcomes are not kept. */
  private readonly forgotten = new Set<number>();

  /** @param onKept - Called when an outcome was kept. */
  constructor(
    private readonly connection: NativeConnection,
    private readonly codec: PayloadCodec,
    private readonly kept: KeptResults | undefined,
    private readonly onKept: () => void,
  ) {}

  forget(call: number): void {
    this.forgotten.add(call);
  }

  /** The call got its answer from a host that is there. */
  answered(call: number): void {
    this.forgotten.delete(call);
  }

  /** Takes an outcome after the host has left. */
  take(call: number, type: string, outcome: Pick<KeptOutcome, 'result' | 'error'>): void {
    if (this.forgotten.delete(call)) return;
    const tx = this.connection.callTransactionId(call) ?? '';
    this.kept?.add({ type, tx, payload: this.encode({ type, tx, ...outcome }) });
    this.onKept();
  }

  encode(outcome: KeptOutcome): Encoded {
    return settled(this.codec.encode(outcome, `the kept result of "${outcome.type}"`) as Encoded);
  }
}
