import { clone } from '../codecs/load-clone.js';
import { PreparedPayload } from '../codecs/prepared-payload.js';
import { WorkerCrashedError, WorkerError } from '../errors/worker-error.js';
import type { BroadcastOptions } from '../types/pool-options.js';
import type { Member } from './member.js';

interface Broadcast {
  readonly sequence: number;
  readonly type: string;
  readonly payload: PreparedPayload;
  readonly timeout: number | undefined;
}

/** What all workers are told, those that come later, too. */
export class Broadcasts {
  private sequence = 0;
  /** For later workers, in order. */
  private kept: Broadcast[] = [];

  /** Sends to these workers; gives their results. */
  async send(
    members: readonly Member[],
    type: string,
    payload: unknown,
    { timeout, replay = 'latest' }: BroadcastOptions,
  ): Promise<unknown[]> {
    const prepared = payload instanceof PreparedPayload ? payload : clone().preparePayload(payload);
    const broadcast: Broadcast = { sequence: ++this.sequence, type, payload: prepared, timeout };
    if (replay === 'latest') this.kept = this.kept.filter((each) => each.type !== type);
    if (replay !== 'none') this.kept.push(broadcast);
    const sent = members.map((member) => {
      member.heard = broadcast.sequence;
      return tell(member, broadcast);
    });
    const results: unknown[] = [];
    const errors: unknown[] = [];
    for (const outcome of await Promise.allSettled(sent)) {
      if (outcome.status === 'fulfilled') results.push(outcome.value);
      else if (!isLoss(outcome.reason)) errors.push(outcome.reason);
    }
    if (errors.length === 0) return results;
    throw new AggregateError(
      errors,
      `${errors.length} of ${members.length} workers failed to handle the broadcast "${type}"`,
    );
  }

  /** Tells a new worker all that it has missed. */
  async replay(member: Member): Promise<void> {
    for (;;) {
      const next = this.kept.find(({ sequence }) => sequence > member.heard);
      if (next === undefined) break;
      await tell(member, next);
      member.heard = next.sequence;
    }
    member.heard = this.sequence;
  }
}

function tell(member: Member, { type, payload, timeout }: Broadcast): Promise<unknown> {
  return member.worker.send(type, payload, timeout === undefined ? undefined : { timeout });
}

/** Whether the worker has ended. The one in its place gets the broadcast before it serves. */
function isLoss(error: unknown): boolean {
  if (error instanceof WorkerCrashedError) return true;
  return error instanceof WorkerError && error.code === 'ERR_WORKER_CLOSED' && error.isRemote !== true;
}
