// Two machines whose link is cut and healed: network namespaces.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Broker, noBroker } from '../fixtures/nats/broker.mjs';
import { Machines, noMachines } from '../fixtures/nats/machines.mjs';
import { Remote } from '../fixtures/nats/remote-program.mjs';
import { heartbeat } from '../fixtures/nats/support.mjs';
import { gone } from '../fixtures/processes.mjs';
import { eventually, failure } from '../fixtures/support.mjs';

interface Status {
  readonly pids: number[];
  readonly taken: number;
}

/** So long a program may need after the link has healed: an attempt to connect that began before takes 2 seconds. */
const AGAIN = 20_000;

describe('Two machines', { skip: noBroker || noMachines }, () => {
  let machines: Machines;
  before(() => {
    machines = new Machines();
  });
  after(() => machines.remove());

  const brokerAt = (machine: 0 | 1) => ({ host: machines.addresses[machine], within: machines.within(machine) });
  const isFree = async (serving: Remote) => (await serving.call<Status>('status')).taken === 0;

  async function startsAgain(host: Remote, serving: Remote, servers: string): Promise<void> {
    await host.call('start', { servers, heartbeat, waitForWorker: AGAIN });
    assert.equal(await host.call('send', 'echo', 'healed'), 'healed');
    const { pids, taken } = await serving.call<Status>('status');
    assert.equal(taken, 1);
    assert.deepEqual([await host.call('send', 'pid')], pids);
  }

  const cuts: Record<string, (0 | 1)[]> = {
    'in both directions': [0, 1],
    'from the host to the worker': [0],
    'from the worker to the host': [1],
  };
  for (const [direction, senders] of Object.entries(cuts)) {
    test(`come to the same view when the link is cut ${direction} and healed`, async (t) => {
      t.after(() => machines.heal());
      const broker = await Broker.of(t, [], brokerAt(0));
      const [host, serving] = await Promise.all(
        [0, 1].map((machine) => Remote.run(t, machines.within(machine as 0 | 1))),
      );
      assert.ok(host && serving);
      await serving.call('serve', { servers: broker.url, heartbeat, workers: 1 });
      const pid = await host.call<number>('start', { servers: broker.url, heartbeat });
      const lost = failure(host.call('send', 'never'));
      await host.call('begun');
      machines.cut(...senders);
      const error = await lost;
      assert.equal(error.code, 'ERR_WORKER_CRASHED');
      await eventually('the serving process has ended the session', () => isFree(serving));
      await gone(pid);
      machines.heal();
      await startsAgain(host, serving, broker.url);
    });
  }

  test('with a broker each come to the same view when the link is cut and healed', async (t) => {
    t.after(() => machines.heal());
    const settings = (machine: 0 | 1) => [
      `server_name: machine-${machine}`,
      // The brokers notice as soon as hosts and workers do.
      'ping_interval: "200ms"',
      'ping_max: 2',
      'cluster {',
      '  name: test',
      `  host: ${machines.addresses[machine]}`,
      '  port: 6222',
      `  routes: [nats://${machines.addresses[1 - machine]}:6222]`,
      '}',
    ];
    const brokers = await Promise.all(([0, 1] as const).map((at) => Broker.of(t, settings(at), brokerAt(at))));
    const [host, serving] = await Promise.all(
      [0, 1].map((machine) => Remote.run(t, machines.within(machine as 0 | 1))),
    );
    const [near, far] = brokers;
    assert.ok(host && serving && near && far);
    await serving.call('serve', { servers: far.url, heartbeat, workers: 1 });
    const pid = await host.call<number>('start', { servers: near.url, heartbeat, waitForWorker: AGAIN });
    const lost = failure(host.call('send', 'never'));
    await host.call('begun');
    machines.cut();
    assert.equal((await lost).code, 'ERR_WORKER_CRASHED');
    await eventually('the serving process has ended the session', () => isFree(serving));
    await gone(pid);
    machines.heal();
    await startsAgain(host, serving, near.url);
  });

  test('keep a session when the link is cut for less than the heartbeat allows', async (t) => {
    t.after(() => machines.heal());
    const patient = { heartbeat: { interval: 200, timeout: 20_000 } };
    const broker = await Broker.of(t, [], brokerAt(0));
    const [host, serving] = await Promise.all(
      [0, 1].map((machine) => Remote.run(t, machines.within(machine as 0 | 1))),
    );
    assert.ok(host && serving);
    await serving.call('serve', { servers: broker.url, ...patient, workers: 1 });
    const pid = await host.call('start', { servers: broker.url, ...patient });
    machines.cut();
    const answer = host.call('send', 'echo', 'late');
    // The request is on its way before the link heals: the host answers this call after it has sent it.
    await host.call('flooded');
    machines.heal();
    assert.equal(await answer, 'late');
    assert.equal(await host.call('send', 'pid'), pid);
  });

  test('of which the one with the host vanishes free its workers for others', async (t) => {
    t.after(() => machines.heal());
    const broker = await Broker.of(t, [], brokerAt(0));
    const [other, lost] = await Promise.all([0, 1].map((machine) => Remote.run(t, machines.within(machine as 0 | 1))));
    const serving = await Remote.run(t, machines.within(0));
    assert.ok(other && lost);
    await serving.call('serve', { servers: broker.url, heartbeat, workers: 1 });
    const pid = await lost.call<number>('start', { servers: broker.url, heartbeat });
    machines.cut();
    lost.process.kill('SIGKILL');
    await gone(pid);
    await other.call('start', { servers: broker.url, heartbeat });
    assert.equal(await other.call('send', 'echo', 'mine'), 'mine');
  });

  test('of which one vanishes leave a pool the workers of the other: each request is answered', async (t) => {
    t.after(() => machines.heal());
    const broker = await Broker.of(t, [], brokerAt(0));
    const host = await Remote.run(t, machines.within(0));
    const servings = await Promise.all([0, 1].map((machine) => Remote.run(t, machines.within(machine as 0 | 1))));
    const pids = await Promise.all(
      servings.map((serving) => serving.call<number[]>('serve', { servers: broker.url, heartbeat, workers: 2 })),
    );
    const retries = { unexpectedShutdown: { strategy: 'retry', attempts: 3 } };
    const options = { servers: broker.url, heartbeat, waitForWorker: 1000 };
    await host.call('startPool', options, { minWorkers: 4, maxWorkers: 4, ...retries });
    assert.deepEqual(new Set(await host.call<number[]>('workers')), new Set(pids.flat()));
    machines.cut();
    const answers = await host.call<unknown[]>('sendMany', 'echo', 'answered', 40);
    assert.deepEqual(new Set(answers), new Set(['answered']));
    assert.equal(answers.length, 40);
    await eventually('the pool has only workers of the machine that is left', async () => {
      const left = await host.call<number[]>('workers');
      return left.every((pid) => pids[0]?.includes(pid));
    });
    machines.heal();
    await eventually(
      'the pool has workers of both machines',
      async () => {
        await host.call('sendMany', 'echo', 'again', 8);
        const { taken } = (await servings[1]?.call<Status>('status')) ?? { taken: 0 };
        return taken > 0;
      },
      AGAIN,
    );
  });
});
