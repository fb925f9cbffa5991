export default { test: { pool: 'threads', include: ['**/*.test.mjs'] } };
