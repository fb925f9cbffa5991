import assert from 'node:assert/strict';

assert.equal(1 + 2, 3);
