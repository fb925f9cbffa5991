// The states of a worker: in the code, in docs/lifecycle.md, and in a run.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { InstanceState, supervisorTransitions, SupervisorState, transitions } from '../fixtures/host-states.mjs';

type Table = Readonly<Record<string, readonly string[]>>;

const page = readFileSync(new URL('../../docs/lifecycle.md', import.meta.url), 'utf8');
const diagrams = [...page.matchAll(/^```mermaid\nstateDiagram-v2\n(.*?)^```$/gms)].map(([, body = '']) => body);
const rows = [...page.matchAll(/^\| (\w+) \|/gm)].map(([, name]) => name);

/** The transitions that a diagram draws, by the state from which they lead. */
function drawn(diagram: string | undefined): Record<string, string[]> {
  const table: Record<string, string[]> = {};
  for (const [, from = '', to = ''] of (diagram ?? '').matchAll(/^ *(\S+) --> (\S+)$/gm)) {
    if (from === '[*]') continue;
    table[from] ??= [];
    if (to !== '[*]') table[from].push(to);
  }
  return table;
}

const sorted = (table: Table) => Object.entries(table).map(([from, to]) => [from, to.toSorted()]);

describe('docs/lifecycle.md', () => {
  test('draws exactly the transitions of the code, for one process and for the worker', () => {
    assert.equal(diagrams.length, 2);
    assert.deepEqual(sorted(drawn(diagrams[0])), sorted(transitions));
    assert.deepEqual(sorted(drawn(diagrams[1])), sorted(supervisorTransitions));
  });

  test('explains each state in the order of the code', () => {
    const names = [...Object.keys(transitions), ...Object.keys(supervisorTransitions)];
    assert.deepEqual(
      rows.filter((name) => names.includes(name as string)),
      names,
    );
  });
});

const failure = () => new Error('failed');

/** How a process gets into each state in the shortest way. */
const ways: Readonly<Record<string, (state: InstanceState) => void>> = {
  starting: () => {},
  leaving: (state) => state.move('leaving'),
  ready: (state) => state.serve(),
  disconnected: (state) => state.move('disconnected'),
  reconnecting: (state) => {
    state.move('disconnected');
    state.move('reconnecting');
  },
  lost: (state) => state.move('lost'),
  failed: (state) => state.fail(failure),
  closing: (state) => state.close(false),
  left: (state) => {
    state.close(false);
    state.leave();
  },
  crashed: (state) => state.end(failure),
  gone: (state) => {
    state.close(true);
    state.end(failure);
  },
};

/** The calls that bring a process from any state to this one. */
const steps: Readonly<Record<string, (state: InstanceState) => void>> = {
  starting: (state) => state.move('starting'),
  leaving: (state) => state.move('leaving'),
  ready: (state) => state.serve(),
  disconnected: (state) => state.move('disconnected'),
  reconnecting: (state) => state.move('reconnecting'),
  lost: (state) => state.move('lost'),
  failed: (state) => state.fail(failure),
  closing: (state) => state.close(false),
  left: (state) => state.leave(),
};

describe('The state of a process', () => {
  for (const [from, way] of Object.entries(ways)) {
    test(`follows the table when it is ${from}`, () => {
      for (const [to, step] of Object.entries(steps)) {
        // To serve is to be disconnected where `disconnect()` was called before, and `close()` may be called again.
        if ((from === 'leaving' && to === 'ready') || (from === 'closing' && to !== 'left')) continue;
        const illegal: string[] = [];
        const state = new InstanceState((one, other) => illegal.push(`${one} to ${other}`));
        way(state);
        assert.equal(state.name, from);
        step(state);
        const isLegal = transitions[from]?.includes(to) === true;
        assert.deepEqual([state.name, illegal], isLegal ? [to, []] : [from, [`${from} to ${to}`]]);
      }
    });
  }

  test('is that of its connection, too, while it is closing', () => {
    const state = new InstanceState(assert.fail);
    state.move('leaving');
    state.close(false);
    assert.deepEqual([state.name, state.connection, state.isConnected], ['closing', 'leaving', false]);
    state.move('starting');
    state.serve();
    assert.deepEqual([state.name, state.connection, state.isConnected], ['closing', 'ready', true]);
    state.close(true);
    assert.equal(state.isForced, true);
    state.fail(failure);
    state.end(() => assert.fail());
    assert.deepEqual([state.name, state.failure, state.isLost], ['gone', failure, false]);
  });

  test('keeps the first reason: a failed worker does not crash for another', () => {
    const state = new InstanceState(assert.fail);
    state.fail(failure);
    state.end(() => assert.fail());
    assert.deepEqual([state.name, state.failure, state.hasServed], ['crashed', failure, false]);
  });
});

describe('The state of a worker', () => {
  const ended = Promise.resolve({ type: 'close' as const });
  const renewed = Promise.resolve();

  test('goes through a restart', () => {
    const state = new SupervisorState(assert.fail);
    state.replace(ended, renewed);
    assert.deepEqual([state.name, state.isClosing, state.isRenewing], ['replacing', true, true]);
    state.restart();
    assert.deepEqual([state.name, state.isClosing, state.isRenewing], ['restarting', false, true]);
    state.settle();
    assert.deepEqual([state.name, state.isClosing, state.isRenewing], ['running', false, false]);
  });

  test('is closed, whenever it is closed, and may be started again', () => {
    for (const before of [[], ['replace'], ['replace', 'restart']] as const) {
      const state = new SupervisorState(assert.fail);
      for (const step of before) state[step](ended, renewed);
      state.close(ended);
      state.close(ended);
      assert.equal(state.name, before.length === 0 ? 'closed' : 'cancelling');
      if (before.length > 0) state.settle();
      assert.deepEqual([state.name, state.ended, state.renewed], ['closed', ended, undefined]);
      state.replace(ended, renewed);
      assert.equal(state.name, 'replacing');
    }
  });

  test('stays the same where the table has no such transition', () => {
    const illegal: string[] = [];
    const state = new SupervisorState((from, to) => illegal.push(`${from} to ${to}`));
    state.restart();
    state.settle();
    assert.deepEqual([state.name, illegal], ['running', ['running to restarting', 'running to running']]);
  });
});
