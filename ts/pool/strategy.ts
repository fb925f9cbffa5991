import { strategyFailed } from '../errors/pool-errors.js';
import type { PoolStrategy } from '../types/pool-options.js';
import type { PoolWorker } from '../types/pool-worker.js';
import { type Choose, leastBusy, roundRobin } from './core/choose.js';
import { type Member, memberOf } from './member.js';
import type { PoolRequest } from './pool-request.js';

/** How a pool chooses one of the workers that have a free place. */
export function chooserOf(strategy: PoolStrategy, pool: string): Choose<PoolRequest, Member> {
  if (strategy === 'least-busy') return leastBusy;
  if (strategy === 'round-robin') return roundRobin();
  return (free, request) => {
    const { type, priority } = request;
    const workers = free.map(({ view }) => view);
    const info = {
      type,
      priority,
      get payload() {
        return request.payload;
      },
    };
    const chosen: unknown = (strategy as (workers: PoolWorker[], info: unknown) => unknown)(workers, info);
    const member = memberOf(chosen);
    if (member !== undefined && free.includes(member)) return member;
    throw strategyFailed(pool, describe(chosen, member));
  };
}

function describe(chosen: unknown, member: Member | undefined): string {
  if (member === undefined) return chosen === undefined ? 'undefined' : `a value of the type ${typeof chosen}`;
  const { name, state } = member.view;
  return `"${name}", which is ${state === 'gone' || state === 'draining' ? state : 'of another pool or has no free place'}`;
}
