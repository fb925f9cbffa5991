import assert from 'node:assert/strict';

assert.ok('text'.includes('x'), 'there is no x');
