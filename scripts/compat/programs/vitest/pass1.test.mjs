import { test, expect } from 'vitest';
test('passes 1', () => expect(1).toBe(1));
