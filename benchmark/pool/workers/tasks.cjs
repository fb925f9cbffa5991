'use strict';
// What the workers of all pools can do.

/** So many rounds of work that nobody can leave out. */
function compute(rounds) {
  let state = 1;
  for (let round = 0; round < rounds; round++) state = (Math.imul(state, 48271) ^ round) >>> 0;
  return state;
}

exports.tasks = {
  echo: (value) => value,
  compute,
  /** Many tasks in one: what no pool can beat. */
  computeMany({ count, rounds }) {
    for (let index = 0; index < count; index++) compute(rounds);
  },
};
